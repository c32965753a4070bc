// Package run makes the images of a plan that the registry lacks: it checks, builds, publishes and
// records them, many at a time.
package run
