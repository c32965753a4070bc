package manifest

import (
	"dagger/eval-images/redact"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDigestsListPublishedImages(t *testing.T) {
	one, two, three := "sha256:"+strings.Repeat("1", 64), "sha256:"+strings.Repeat("2", 64), "sha256:"+strings.Repeat("3", 64)
	for name, test := range map[string]struct {
		result Result
		want   []string
	}{
		"each phase has its repository, and they are sorted": {
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
		"an image that was skipped is somebody else's to sign": {
			result: Result{Images: []Record{{Status: StatusSkipped, Digest: redact.Field(one), Tags: []string{"r.example/a:x"}}}},
		},
		"an image that was published under one of its names, and failed with another, is there": {
			result: Result{Images: []Record{{Status: StatusFailed, Digest: redact.Field(one), Tags: []string{"r.example/a:x"}}}},
			want:   []string{"r.example/a@" + one},
		},
		"an image that was built and not published is not there": {
			result: Result{Images: []Record{{Status: StatusBuilt, Digest: redact.Field(one)}, {Status: StatusBuilt}}},
		},
		"what is no digest is no line of the file": {
			result: Result{Images: []Record{{Status: StatusBuilt, Digest: redact.Field(one + "\nevil.example/x@" + two), Tags: []string{"r.example/a:x"}}}},
		},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, test.result.Digests()) })
	}
}
