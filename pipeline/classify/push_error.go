package classify

// PushError reports that an image was built but could not be pushed.
type PushError struct {
	// Reference is the name that the registry refused.
	Reference string
	// Err is the reason.
	Err error
}

// Error names the reference.
func (e *PushError) Error() string { return "publishing " + e.Reference + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *PushError) Unwrap() error { return e.Err }
