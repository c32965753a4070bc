package pipeline

import "regexp"

// userinfo is what a URL, or the name of an image that was taken for one, has before its host. A digest is not
// meant: what stands before it is a tag. Neither is what has no password, such as git@github.com or a package's
// name with its version.
// https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
var userinfo = regexp.MustCompile(`(://)?([^\s/@"'` + "`" + `]+)@(sha256:)?`)

// hubToken is a token of the Hugging Face hub.
// https://huggingface.co/docs/hub/security-tokens
var hubToken = regexp.MustCompile(`\bhf_[A-Za-z0-9]{16,}`)

// WithoutPasswords leaves out of a text what stands in URLs as user and password, and tokens of the Hugging
// Face hub. Either may come from a flag, from a Dockerfile or from what a command printed.
func WithoutPasswords(text string) string {
	text = hubToken.ReplaceAllString(text, "hf_***")
	return userinfo.ReplaceAllStringFunc(text, func(match string) string {
		parts := userinfo.FindStringSubmatch(match)
		isURL, isDigest := parts[1] != "", parts[3] != ""
		if isDigest || !isURL && !hasPassword.MatchString(parts[2]) {
			return match
		}
		return parts[1] + "***@"
	})
}

// hasPassword is a user with a password.
var hasPassword = regexp.MustCompile(`^[^:]*:.`)
