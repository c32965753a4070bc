package input

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// TestOfficialImagesByDigest: rows and templates may name one, with or without a tag. It has no
// second digest then.
func TestOfficialImagesByDigest(t *testing.T) {
	harness.EachPublisher(t, func(t *testing.T, publisher string) {
		f, _ := harness.FaultyFleet(t, 2)
		var rows []string
		official := map[string]string{}
		for i, id := range f.IDs {
			name, tag, _ := strings.Cut(strings.TrimPrefix(f.Official(id), f.Registry), ":")
			official[id] = f.Registry + name + []string{"", ":" + tag}[i] + "@" + harness.Digest(t, f.Official(id))
			rows = append(rows, fmt.Sprintf(`{"instance_id":%q,"image":%q}`, id, official[id]))
		}
		f.Template = "" // The rows name the images.
		f.Dataset = harness.Written(t, "dataset.jsonl", strings.Join(rows, "\n"))
		plan := f.Call(t, "plan", "--pin", "table").Succeeds(t)
		for id, named := range official {
			assert.Contains(t, plan, id+"  official  "+named+"\n")
		}
		dir := f.Run(t, "--publisher", publisher)
		for _, file := range []string{"manifest.jsonl", "base-manifest.jsonl"} {
			for _, made := range harness.Records(t, dir, file) {
				if made.Error != nil {
					t.Log(*made.Error)
				}
				require.Equal(t, "built", made.Status)
				assert.Equal(t, official[made.InstanceID], made.BaseImage)
				_, asked, _ := strings.Cut(official[made.InstanceID], "@")
				assert.Equal(t, asked, made.OfficialDigest, file)
			}
		}
	})
}

// TestFunctionsOfOneOfficialImageByDigest: base and assemble are told by a template.
func TestFunctionsOfOneOfficialImageByDigest(t *testing.T) {
	t.Parallel()
	f := harness.NewFleet(t, harness.Task(1))
	f.Push(t, harness.Task(1))
	f.Template = strings.Replace(f.Official(harness.Task(1)), harness.Task(1), "{instance_id}", 1) + "@" + harness.Digest(t, f.Official(harness.Task(1)))
	for _, function := range []string{"base", "assemble"} {
		harness.CallModule(t, f.Args(function, "--instance-id", harness.Task(1), "sync")...).Succeeds(t)
	}
}
