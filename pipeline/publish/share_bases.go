package publish

import (
	"dagger/eval-images/redact"
	"errors"
	"fmt"
)

// Values of --share-bases.
const (
	// ShareNever has the recipe run for every official image.
	ShareNever = "never"
	// ShareTrusted has it run once for those that are alike, by what their own configs say of them.
	// Anybody can write such a config over other layers, so the user vouches for the images.
	ShareTrusted = "trusted"
)

// SharesBases reads a value of --share-bases.
func SharesBases(value string) (bool, error) {
	switch value {
	case ShareNever, ShareTrusted:
		return value == ShareTrusted, nil
	case "auto":
		return false, errors.New("--share-bases auto is no longer possible: use trusted if you vouch for the official images, or else never")
	}
	return false, fmt.Errorf("--share-bases is %s: it must be %s or %s", redact.Quote(value), ShareNever, ShareTrusted)
}
