// Package transport sends requests to one registry: by TLS unless plain HTTP is allowed, and with a
// token for the repositories that a request is about.
package transport
