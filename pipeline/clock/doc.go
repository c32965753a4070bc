// Package clock is the time that a run goes by.
package clock
