package manifest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/redact"
)

func TestDigestsListPublishedImages(t *testing.T) {
	one, two, three := "sha256:"+strings.Repeat("1", 64), "sha256:"+strings.Repeat("2", 64), "sha256:"+strings.Repeat("3", 64)
	for name, test := range map[string]struct {
		result Result
		want   []string
	}{
		"every phase is listed, sorted": {
			result: Result{
				Builders: []Record{{Status: StatusBuilt, Digest: redact.Field(three), Tags: []string{"localhost:5000/builder:a"}}},
				Bases:    []Record{{Status: StatusBuilt, Digest: redact.Field(two), Tags: []string{"r.example/base:a"}}},
				Images:   []Record{{Status: StatusBuilt, Digest: redact.Field(one), Tags: []string{"r.example/agent:a"}}},
			},
			want: []string{"localhost:5000/builder@" + three, "r.example/agent@" + one, "r.example/base@" + two},
		},
		"several tags of an image are one image": {
			result: Result{Images: []Record{{Status: StatusBuilt, Digest: redact.Field(one), Tags: []string{"r.example/a:x", "r.example/a:y"}}}},
			want:   []string{"r.example/a@" + one},
		},
		"a skipped image is not listed: somebody else may have to sign it": {
			result: Result{Images: []Record{{Status: StatusSkipped, Digest: redact.Field(one), Tags: []string{"r.example/a:x"}}}},
		},
		"an image that was published under one name, and failed under another, is listed": {
			result: Result{Images: []Record{{Status: StatusFailed, Digest: redact.Field(one), Tags: []string{"r.example/a:x"}}}},
			want:   []string{"r.example/a@" + one},
		},
		"an image that was built but not published is not listed": {
			result: Result{Images: []Record{{Status: StatusBuilt, Digest: redact.Field(one)}, {Status: StatusBuilt}}},
		},
		"an invalid digest is not listed": {
			result: Result{Images: []Record{{Status: StatusBuilt, Digest: redact.Field(one + "\nevil.example/x@" + two), Tags: []string{"r.example/a:x"}}}},
		},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, test.result.Digests()) })
	}
}
