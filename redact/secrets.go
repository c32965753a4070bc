package redact

import (
	"net/url"
	"strings"
)

// hidden replaces a secret.
const hidden = "***"

// shownAtMost is the number of bytes of a secret that may show.
const shownAtMost = 4

// Secrets removes secrets from a text: plain, escaped as in URLs, and cut at the end of the text.
// It changes nothing else: for foreign text use [Line] or [Text].
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
