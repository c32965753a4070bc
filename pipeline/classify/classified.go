package classify

// Classified is an error that knows its own cause. [Of] believes it rather than the error's text.
type Classified interface {
	error
	Cause() Result
}
