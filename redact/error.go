package redact

// Error returns an error whose text is safe to show, as [Text] has it. It wraps err; nil stays nil.
func Error(err error, secrets ...string) error { return of(err, Text, secrets) }

// LineError does the same as [Line] has it, for an error that becomes a part of another one.
func LineError(err error, secrets ...string) error { return of(err, Line, secrets) }

func of(err error, safe func(string, ...string) string, secrets []string) error {
	if err == nil {
		return nil
	}
	if text := safe(err.Error(), secrets...); text != err.Error() {
		return &redactedError{text: text, err: err}
	}
	return err
}

// redactedError is an error whose text was not safe to show.
type redactedError struct {
	text string
	err  error
}

// Error is what of the text is.
func (e *redactedError) Error() string { return e.text }

// Unwrap gives the error that has the whole text.
func (e *redactedError) Unwrap() error { return e.err }
