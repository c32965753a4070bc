package redact

// Error returns an error whose text is safe to show, as [Text] has it. It wraps err; nil stays nil.
func Error(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	return reworded(err, Text(err.Error(), secrets...))
}

// Reword returns an error that says text instead, as [Line] has it. It wraps err; nil stays nil.
func Reword(err error, text string, secrets ...string) error {
	if err == nil {
		return nil
	}
	return reworded(err, Line(text, secrets...))
}

func reworded(err error, text string) error {
	if text == err.Error() {
		return err
	}
	return &redactedError{text: text, err: err}
}

// redactedError is an error whose text was not safe to show.
type redactedError struct {
	text string
	err  error
}

// Error is the safe text.
func (e *redactedError) Error() string { return e.text }

// Unwrap gives the error with the whole text.
func (e *redactedError) Unwrap() error { return e.err }
