// Package clock provides the time source of a run.
package clock
