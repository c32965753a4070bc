// Package manifest records the outcome of each image, summarizes a run, and reads manifests back.
package manifest
