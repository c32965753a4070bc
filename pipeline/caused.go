package pipeline

// Caused is an error that knows its own cause. [CauseOf] believes it rather than the error's text.
type Caused interface {
	error
	Cause() Cause
}
