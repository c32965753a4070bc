package signature_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagger/eval-images/signature"
)

// The seeds of all targets are files in testdata/fuzz, named by what they are.

// FuzzCheckPayload: whatever was signed by the key, it is of the image only if it names its digest,
// and the error is a short line. What was not is of nothing.
func FuzzCheckPayload(f *testing.F) {
	key, private := newKey(f)
	f.Fuzz(func(t *testing.T, payload []byte, sig string) {
		require.Error(t, key.CheckPayload(payload, sig, image))
		err := key.CheckPayload(payload, sign(t, private, string(payload)), image)
		if err == nil {
			require.Contains(t, string(payload), strings.Repeat("a", 64))
			return
		}
		requireSays(t, err, err.Error())
	})
}

// FuzzCheckBundle is the same for a bundle: one with the payload and its type, and one that is
// anything.
func FuzzCheckBundle(f *testing.F) {
	key, private := newKey(f)
	f.Fuzz(func(t *testing.T, bundle []byte, media, payload string) {
		err := key.CheckBundle(bundle, image)
		requireSays(t, err, err.Error())
		err = key.CheckBundle([]byte(bundleOf(t, private, media, payload)), image)
		if err == nil {
			require.Contains(t, payload, strings.Repeat("a", 64))
			return
		}
		requireSays(t, err, err.Error())
	})
}

// FuzzReadKey: a file is a key, or an error that is a short line.
func FuzzReadKey(f *testing.F) {
	f.Fuzz(func(t *testing.T, pem []byte) {
		key, err := signature.ReadKey(pem)
		if err != nil {
			require.Nil(t, key)
			requireSays(t, err, err.Error())
			return
		}
		require.ErrorIs(t, key.CheckPayload([]byte("x"), "AAAA", image), signature.ErrOtherKey)
	})
}
