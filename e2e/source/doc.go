// Package source has tests that read the project's own code: what must be true of all of it, and of
// what is added later.
package source
