package dataset

import "strings"

// lower returns the text with small letters in place of A to Z. Others stay, for
// the checks to refuse: [strings.ToLower] makes an ordinary k of the Kelvin sign.
func lower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}
