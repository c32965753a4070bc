// Package plan names every image of a run before anything is built, and says what each has to be.
package plan
