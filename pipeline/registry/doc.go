// Package registry is a client of one registry: it finds, reads, mounts, puts and tags images, by
// requests of the OCI distribution specification, and checks their signatures.
package registry
