// Package plan names and identifies every image of a run before anything is built.
package plan
