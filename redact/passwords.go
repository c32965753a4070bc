package redact

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hubToken is a token of the Hugging Face hub.
// https://huggingface.co/docs/hub/security-tokens
var hubToken = regexp.MustCompile(`\bhf_[A-Za-z0-9]{16,}`)

// escapedUser is user and password in a URL that is the value of another URL.
var escapedUser = regexp.MustCompile(`(?i)(%3A%2F%2F)[^\s"&]*(%40)`)

// noPort is how the standard library shows a part of a password that it takes for a port.
// https://pkg.go.dev/net/url#Parse
var noPort = regexp.MustCompile(`(invalid port ":)(?:\\.|[^"\\])*(" after host)`)

// withoutPasswords removes users and passwords from URLs, with or without a scheme, and tokens of
// the Hugging Face hub. Either may come from a flag, from a Dockerfile or from what a command
// printed.
//
// A password may have any character but white space, also those that a URL should escape. Where a
// word can be read in two ways, as in https://host:1/path@2, this takes what follows for a password
// unless it stands behind a host: a name with a dot, localhost or an IPv6 address. So it does not
// find a password that begins with digits and a slash behind a user with a dot, nor one with white
// space. A digest is none, and neither is what has no password, such as git@github.com, or a
// package's name with its version.
// https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
func withoutPasswords(text string) string {
	if strings.Contains(text, "hf_") {
		text = hubToken.ReplaceAllString(text, "hf_"+hidden)
	}
	if strings.Contains(text, "%40") {
		text = escapedUser.ReplaceAllString(text, "${1}"+hidden+"${2}")
	}
	if strings.Contains(text, "invalid port") {
		text = noPort.ReplaceAllString(text, "${1}"+hidden+"${2}")
	}
	if !strings.Contains(text, "@") && !strings.Contains(text, "://") {
		return text
	}
	var out strings.Builder
	begin := 0
	for i, r := range text {
		if unicode.IsSpace(r) || isQuote(text, i) {
			out.WriteString(withoutUsers(text[begin:i]))
			out.WriteString(text[i : i+utf8.RuneLen(r)])
			begin = i + utf8.RuneLen(r)
		}
	}
	out.WriteString(withoutUsers(text[begin:]))
	return out.String()
}

// isQuote says whether a quotation mark stands there, which ends a word: texts put URLs in quotes.
// One that is escaped may be a part of a password.
func isQuote(text string, i int) bool {
	return text[i] == '"' && (i == 0 || text[i-1] != '\\')
}

// withoutUsers removes users and passwords from a word.
func withoutUsers(word string) string {
	if !strings.ContainsAny(word, "@:") {
		return word
	}
	var out strings.Builder
	for {
		before, rest, isURL := strings.Cut(word, "://")
		out.WriteString(withoutUser(before))
		if !isURL {
			return out.String()
		}
		out.WriteString("://")
		authority := rest
		if end := strings.IndexAny(rest, "/?#"); end >= 0 {
			authority = rest[:end]
		}
		if !host.MatchString(authority) {
			out.WriteString(afterUser(authority, rest))
			return out.String()
		}
		out.WriteString(authority)
		word = rest[len(authority):]
	}
}

// host is an authority without a user, perhaps with a sign behind it that is not its own. None is
// that of a file.
var host = regexp.MustCompile(`^(([^:@\[\]]*\.[^:@\[\]]*|localhost|\[[0-9A-Fa-f:.%]*\]?)(:[0-9]*)?)?[:;,.)\]}>']*$`)

// port is what may follow the name of a host, also where that is one without a dot.
var port = regexp.MustCompile(`^[^:@]*(:[0-9]*)?[:;,.)\]}>']*$`)

// afterUser is the rest of a URL whose authority is none, or not certainly, of a host alone. All
// before the last @ may be user and password; without one they may stand at the end of a text that
// was cut.
func afterUser(authority, rest string) string {
	if at := lastAt(rest); at >= 0 {
		return hidden + rest[at:]
	}
	if authority, _, _ = strings.Cut(authority, "@"); port.MatchString(authority) { // What follows is a digest.
		return rest
	}
	return hidden
}

// hostPath is a host with a port before the path of an image.
var hostPath = regexp.MustCompile(`^(?:[^:/@]*\.[^:/@]*|localhost|\[[0-9A-Fa-f:.%]*\]):[0-9]+/`)

// withoutUser removes user and password from an address without a scheme, such as that of a
// repository.
func withoutUser(word string) string {
	at := lastAt(word)
	if at < 0 {
		return word
	}
	before := hostPath.FindString(word)
	if rest := word[len(before):]; before != "" {
		at, word = at-len(before), rest
	}
	colon := strings.IndexByte(word[:at], ':')
	if colon < 0 || colon+1 == at {
		return before + word
	}
	begin := strings.LastIndexByte(word[:colon], '/') + 1
	return before + word[:begin] + hidden + word[at:]
}

// lastAt is where the last @ stands that does not begin a digest; -1 if none does.
func lastAt(text string) int {
	for end := len(text); ; {
		at := strings.LastIndexByte(text[:end], '@')
		if at < 0 || !isDigest.MatchString(text[at:min(len(text), at+len("@sha256:"))]) {
			return at
		}
		end = at
	}
}

var isDigest = regexp.MustCompile(`^@sha(256|512):$`)
