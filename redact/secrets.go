package redact

import (
	"net/url"
	"strings"
)

// hidden stands for what nobody should see.
const hidden = "***"

// shownAtMost is how many bytes of a secret say nothing.
const shownAtMost = 4

// Secrets removes these secrets from a text: as they are, as URLs have them, and their beginning at
// the end of a text that was cut. It changes nothing else: of a text from elsewhere see [Line] and
// [Text].
func Secrets(text string, secrets ...string) string {
	for _, secret := range secrets {
		if strings.Trim(secret, "*") == "" { // Nothing, or what would stand there anyway.
			continue
		}
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			text = strings.ReplaceAll(text, form, hidden)
			text = withoutBeginning(text, form)
		}
	}
	return text
}

// withoutBeginning removes the beginning of a secret from the end of a text.
func withoutBeginning(text, secret string) string {
	text, mark := strings.TrimSuffix(text, cutMark), text[len(strings.TrimSuffix(text, cutMark)):]
	for n := len(secret) - 1; n >= shownAtMost; n-- {
		if start, ok := strings.CutSuffix(text, secret[:n]); ok {
			return start + hidden + mark
		}
	}
	return text + mark
}
