// Package throttle tries work again, and holds it back at a registry's host: by a limiter while the
// registry limits requests, and by a circuit breaker while it is unavailable.
package throttle
