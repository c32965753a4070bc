package classify

// PushError is an image that was built and could not be pushed.
type PushError struct {
	// Reference is the name that the registry did not take.
	Reference string
	// Err is why.
	Err error
}

// Error names the reference.
func (e *PushError) Error() string { return "publishing " + e.Reference + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *PushError) Unwrap() error { return e.Err }
