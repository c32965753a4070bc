package dataset

import "dagger/eval-images/redact"

// Quote is [redact.Quote].
func Quote[T string | []byte](value T) string { return redact.Quote(value) }
