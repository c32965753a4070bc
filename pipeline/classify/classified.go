package classify

// Caused is an error that knows its own cause. [CauseOf] believes it rather than the error's text.
type Classified interface {
	error
	Cause() Result
}
