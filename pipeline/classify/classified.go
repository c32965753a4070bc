package classify

// Classified is an error that knows its own class. [Of] prefers that to the error's text.
type Classified interface {
	error
	Cause() Result
}
