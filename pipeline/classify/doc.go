// Package classify tells what an error means for the rest of a run, and what to do about it. It
// knows the Dagger engine's errors by their texts; the registry client classifies its own.
package classify
