package publish

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

func TestTags(t *testing.T) {
	t.Parallel()
	const one, two = "team__task-1", "team__task-2"
	f := harness.NewFleet(t, one, two)
	f.Push(t, one, two)
	main := func(id string) string { return f.AgentTag(f.SHA[:7] + "-" + f.Key + "-" + id + "-source-acp") }
	further := func(tag, id string) string { return f.AgentTag(tag + "-" + id + "-source-acp") }
	run := func(t *testing.T, tags string) []harness.Record {
		return harness.Records(t, f.Run(t, "--target", "source", "--tag-suffix", "acp", "--tags", tags), "manifest.jsonl")
	}

	made := run(t, "nightly,stable")
	require.Len(t, made, 2)

	t.Run("target and suffix end the tags, and each image gets all of them", func(t *testing.T) {
		for i, id := range []string{one, two} {
			want := []string{main(id), further("nightly", id), further("stable", id)}
			assert.ElementsMatch(t, want, made[i].Tags)
			for _, tag := range want {
				assert.Equal(t, made[i].Digest, harness.Digest(t, tag))
			}
		}
		assert.Len(t, harness.Tags(t, f.Prefix+"/agent"), 6)
	})
	t.Run("one that is missing is added by the next run, and nothing else changes", func(t *testing.T) {
		before := f.Published(t)
		made := run(t, "nightly,weekly")
		now := f.Published(t)
		assert.Len(t, now, len(before)+2)
		for reference, digest := range before {
			assert.Equal(t, digest, now[reference], reference)
		}
		assert.Equal(t, now[main(one)], now[further("weekly", one)])
		assert.Equal(t, harness.TagsOf(made)[further("weekly", two)], now[further("weekly", two)])
	})
	t.Run("one that names another image is set right by the next run", func(t *testing.T) {
		harness.CopyImage(t, main(two), further("nightly", one))
		made := run(t, "nightly")
		assert.Equal(t, harness.Digest(t, main(one)), harness.Digest(t, further("nightly", one)))
		assert.Equal(t, harness.TagsOf(made)[further("nightly", one)], harness.Digest(t, further("nightly", one)), "the manifest says what is so")
	})
}

// TestAFurtherTagChangesNoImage: what the images were made of has changed or gone since, and none
// of it is needed.
func TestAFurtherTagChangesNoImage(t *testing.T) {
	harness.EachPublisher(t, func(t *testing.T, publisher string) {
		f, proxy := harness.FaultyFleet(t, 2)
		f.Makes(t, "built", publisher)
		builder := f.Registry + "/" + f.Prefix + "/builder:" + f.SHA[:7]
		harness.Push(t, f.Base(harness.Task(1)), harness.OfficialImage(t, "made anew by somebody else"))
		harness.Remove(t, f.Base(harness.Task(2)))
		harness.Remove(t, builder)
		before, base := f.Published(t), harness.Digest(t, f.Base(harness.Task(1)))
		proxy.Script()

		made := harness.Records(t, f.Run(t, "--publisher", publisher, "--tags", "nightly,weekly"), "manifest.jsonl")

		now := f.Published(t)
		require.Len(t, made, 2)
		for i, id := range f.IDs {
			want := []string{f.Agent(id), f.AgentTag("nightly-" + id + "-source-minimal"), f.AgentTag("weekly-" + id + "-source-minimal")}
			assert.Equal(t, "skipped_remote_exists", made[i].Status)
			assert.Equal(t, want, made[i].Tags)
			assert.Equal(t, before[f.Agent(id)], made[i].Digest)
			for _, reference := range want {
				assert.Equal(t, before[f.Agent(id)], now[reference], reference)
			}
		}
		assert.Len(t, now, len(before)+4)
		assert.Equal(t, base, now[f.Base(harness.Task(1))])
		assert.NotContains(t, now, f.Base(harness.Task(2)))
		assert.NotContains(t, harness.Tags(t, f.Prefix+"/builder"), f.SHA[:7])
		assert.Equal(t, 4, proxy.Count(http.MethodPut, ""), "the four tags")
		assert.Zero(t, proxy.Mounted())
		assert.Zero(t, proxy.Count("", "/official/"), "which would be pulls")
		if publisher == "direct" { // A question for each name, and the tags.
			assert.Len(t, proxy.Requests(), harness.RequestsPerRun+len(f.IDs)*(3+2))
		}
	})
}
