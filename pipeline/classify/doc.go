// Package classify says what an error means for the rest of a run, and what to do about it. The
// errors are those of the Dagger engine, by their texts, and of the registry's client, which
// classifies its own.
package classify
