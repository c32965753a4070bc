package classify

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFindErrorRecognizesAnAbsentImage(t *testing.T) {
	tests := map[string]struct {
		text   string
		absent bool
	}{
		"the registry has none":           {"failed to resolve source metadata for r/x:1: r/x:1: not found\n", true},
		"it has one for other platforms":  {"failed to resolve source metadata for r/x:1: no match for platform in manifest: not found", false},
		"nothing answers":                 {"dial tcp 127.0.0.1:5999: connect: connection refused", false},
		"the host is unknown":             {"lookup r: no such host", false},
		"the credentials are not good":    {"401 Unauthorized", false},
		"somewhere in the text is no end": {"r/x:1: not found, or so it seems: 503 Service Unavailable", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := FindError(errors.New(test.text))
			assert.Equal(t, test.absent, errors.Is(err, ErrAbsent))
			assert.ErrorContains(t, err, test.text)
		})
	}
	assert.NoError(t, FindError(nil))
	assert.ErrorIs(t, FindError(errors.New("no match for platform in manifest: not found")), ErrPlatform)
}
