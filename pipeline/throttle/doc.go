// Package throttle holds work back at one registry host: retries, a limiter for limits of requests,
// and a circuit breaker for outages.
package throttle
