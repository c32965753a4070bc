// Package manifest records what became of each image, summarizes it, and reads it back.
package manifest
