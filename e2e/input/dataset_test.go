package input

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/e2e/internal/harness"
)

// TestDataset: which instances the flags choose, and what each family calls them.
func TestDataset(t *testing.T) {
	t.Parallel()
	s := harness.NewSession(t)
	t.Run("a file of any form gives the same plan", func(t *testing.T) { formatsAgree(t, s) })
	t.Run("a dataset by its name comes from the hub", func(t *testing.T) { hubFetches(t, s) })
	t.Run("each family names its images by its own rule", func(t *testing.T) { familiesName(t, s) })
	t.Run("a row may name its image itself", func(t *testing.T) { rowsNameImages(t, s) })
	t.Run("a template mirrors official images", func(t *testing.T) { templatesMirror(t, s) })
	t.Run("a selection is those ids and no others", func(t *testing.T) { selectionHolds(t, s) })
	t.Run("a limit draws a sample", func(t *testing.T) { limitSamples(t, s) })
	t.Run("shards are disjoint and complete", func(t *testing.T) { shardsPartition(t, s) })
	t.Run("what cannot be meant is one clear error", func(t *testing.T) { refuses(t, s) })
	t.Run("a malformed file is an error that says where", func(t *testing.T) { saysWhere(t, s) })
}

func formatsAgree(t *testing.T, s *harness.Session) {
	table := filepath.Join(t.TempDir(), "d.parquet")
	content, err := datasettest.Parquet(1, []datasettest.Column{
		{Name: "patch", Values: []string{"\x00\xff", ""}},
		{Name: "FAIL_TO_PASS", Values: [][]string{{"a", "b"}, nil}},
		{Name: "instance_id", Values: []string{"psf__requests-1142", "django__django-12155"}},
		{Name: "repo", Values: []string{"psf/requests", "django/django"}},
	})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(table, content, 0o600))
	files := []string{
		table,
		harness.Written(t, "d.jsonl", `{"instance_id":"django__django-12155","repo":"django/django"}`+"\n\n"+`{"patch":"é","instance_id":"psf__requests-1142"}`+"\n"),
		harness.Written(t, "d.json", `[{"instance_id":"psf__requests-1142"},{"instance_id":"django__django-12155"},{"instance_id":"psf__requests-1142"}]`),
		harness.Written(t, "e.json", `{"test":[{"instance_id":"psf__requests-1142","n":NaN},{"INSTANCE_ID":"x","instance_id":"django__django-12155"}]}`),
		harness.Written(t, "f.json", "\ufeff"+`{"n":{"0":[],"1":{}},"instance_id":{"0":"psf__requests-1142","1":"django__django-12155"}}`),
		harness.Written(t, "g.ndjson", `{"instance_id":"django__django-12155","image_name":[]}`+"\n"+`{"instance_id":"psf__requests-1142","image_name":5}`),
		harness.Written(t, "D.TXT", "# two of them, one of them twice\npsf__requests-1142\n\n django__django-12155\ndjango__django-12155\r\n"),
	}
	var plans [][]harness.Planned
	for _, path := range files {
		plan, err := s.Plan(t, nil, harness.Flags{"datasetFile": harness.File(path)})
		require.NoError(t, err, path)
		plans = append(plans, plan)
	}
	require.Len(t, plans[0], 2)
	assert.Equal(t, "docker.io/swebench/sweb.eval.x86_64.django_1776_django-12155:latest", plans[0][0].BaseImage)
	assert.Equal(t, "docker.io/swebench/sweb.eval.x86_64.psf_1776_requests-1142:latest", plans[0][1].BaseImage)
	for i, plan := range plans {
		assert.Equal(t, plans[0], plan, files[i])
	}
}

func familiesName(t *testing.T, s *harness.Session) {
	tests := map[string]struct{ row, official, custom string }{
		"swebench": {
			row:      `{"instance_id":"django__django-12155"}`,
			official: "docker.io/swebench/sweb.eval.x86_64.django_1776_django-12155:latest",
			custom:   "sweb.eval.x86_64.django_1776_django-12155",
		},
		"swtbench": {
			row:      `{"instance_id":"astropy__astropy-12907"}`,
			official: "docker.io/swebench/sweb.eval.x86_64.astropy_1776_astropy-12907:latest",
			custom:   "sweb.eval.x86_64.astropy_1776_astropy-12907",
		},
		"multimodal": {
			row:      `{"instance_id":"Automattic__wp-calypso-21648"}`,
			official: "docker.io/swebench/sweb.eval.x86_64.automattic_1776_wp-calypso-21648:latest",
			custom:   "sweb.eval.x86_64.automattic_1776_wp-calypso-21648",
		},
		"multilingual": {
			row:      `{"instance_id":"apache__druid-13704"}`,
			official: "docker.io/swebench/sweb.eval.x86_64.apache_1776_druid-13704:latest",
			custom:   "sweb.eval.x86_64.apache_1776_druid-13704",
		},
		"swegym": {
			row:      `{"instance_id":"Project-MONAI__MONAI-6446"}`,
			official: "docker.io/xingyaoww/sweb.eval.x86_64.project-monai_s_monai-6446",
			custom:   "sweb.eval.x86_64.project-monai_s_monai-6446",
		},
		"swesmith": {
			row: `{"instance_id":"oauthlib__oauthlib.1fd52536.combine_file__09vlzwgc","problem_statement":"It fails",` +
				`"image_name":" jyangballin/swesmith.x86_64.Oauthlib_1776_oauthlib.1fd52536\n"}` + "\n" +
				`{"instance_id":"oauthlib__oauthlib.1fd52536.x__1","problem_statement":" ","image_name":"dropped"}`,
			official: "docker.io/jyangballin/swesmith.x86_64.oauthlib_1776_oauthlib.1fd52536",
			custom:   "swesmith.x86_64.oauthlib_1776_oauthlib.1fd52536",
		},
		"pro": {
			row:      `{"instance_id":"instance_NodeBB__NodeBB-0499-vnan","dockerhub_tag":"nodebb.nodebb-NodeBB__NodeBB-0499"}`,
			official: "docker.io/jefzda/sweap-images:nodebb.nodebb-NodeBB__NodeBB-0499",
			custom:   "nodebb.nodebb-nodebb__nodebb-0499",
		},
		"multiswebench": {
			row:      `{"instance_id":"alibaba__fastjson2-1245","org":"alibaba","repo":"fastjson2"}`,
			official: "docker.io/mswebench/alibaba_m_fastjson2:base",
			custom:   "alibaba_m_fastjson2-base",
		},
		"commit0": {
			row:      `{"instance_id":"commit-0/web3.py","repo":"commit-0/web3.py"}`,
			official: "docker.io/wentingzhao/web3.py:v0",
			custom:   "commit0-web3.py",
		},
	}
	for family, test := range tests {
		t.Run(family, func(t *testing.T) {
			lines, err := s.Plan(t, harness.Flags{"sdkSha": "43376f1" + strings.Repeat("0", 33)},
				harness.Flags{"family": family, "datasetFile": harness.File(harness.Written(t, "d.jsonl", test.row))})
			require.NoError(t, err)
			require.Len(t, lines, 1)
			recipe := harness.TinyDockerfileKey(t)
			assert.Equal(t, harness.Planned{
				InstanceID: lines[0].InstanceID, BaseImage: test.official,
				BuilderTag: "ghcr.io/openhands/eval-builder:43376f1",
				BaseTag:    "ghcr.io/openhands/eval-base:" + recipe + "-" + test.custom,
				Tags:       []string{"ghcr.io/openhands/eval-agent-server:43376f1-" + recipe + "-" + test.custom + "-source-minimal"},
			}, lines[0])
		})
	}
}

// numbered is a dataset of so many instances, in an order of its own.
func numbered(t *testing.T, n int) (path string, ids []string) {
	t.Helper()
	for i := range n {
		ids = append(ids, "team__task-"+string(rune('a'+i)))
	}
	mixed := slices.Concat(ids[n/2:], ids[:n/2])
	return harness.Written(t, "numbered.txt", strings.Join(mixed, "\n")), ids
}

func selectionHolds(t *testing.T, s *harness.Session) {
	path, ids := numbered(t, 6)
	want := []string{ids[1], ids[4]}
	assert.Equal(t, want, s.IDs(t, harness.Flags{"datasetFile": harness.File(path), "instanceIds": []string{ids[4], ids[1], ids[4]}}), "--instance-ids")
	chosen := harness.Written(t, "chosen", "# chosen by hand\n"+ids[4]+"\n\n"+ids[1]+"\n")
	assert.Equal(t, want, s.IDs(t, harness.Flags{"datasetFile": harness.File(path), "select": harness.File(chosen)}), "--select")
}

func limitSamples(t *testing.T, s *harness.Session) {
	path, ids := numbered(t, 20)
	first := s.IDs(t, harness.Flags{"datasetFile": harness.File(path), "limit": 5})
	assert.Equal(t, []string{ids[5], ids[7], ids[10], ids[11], ids[18]}, first, "pandas draws them with random_state=42")
	assert.Equal(t, first, s.IDs(t, harness.Flags{"datasetFile": harness.File(path), "limit": 5, "seed": 42}))
	assert.Equal(t, []string{ids[0], ids[8], ids[9], ids[11], ids[18]},
		s.IDs(t, harness.Flags{"datasetFile": harness.File(path), "limit": 5, "seed": 0}), "pandas draws them with random_state=0")
	assert.Len(t, s.IDs(t, harness.Flags{"datasetFile": harness.File(path), "limit": 5, "seed": 1<<32 - 1}), 5)
	assert.Subset(t, s.IDs(t, harness.Flags{"datasetFile": harness.File(path), "limit": 8}), first, "a larger limit adds to a smaller one")
}

func shardsPartition(t *testing.T, s *harness.Session) {
	path, ids := numbered(t, 11)
	var all []string
	for _, shard := range []string{"1/3", "2/3", "3/3"} {
		part := s.IDs(t, harness.Flags{"datasetFile": harness.File(path), "shard": shard})
		assert.Contains(t, []int{3, 4}, len(part), "shards are about equal")
		all = append(all, part...)
	}
	assert.ElementsMatch(t, ids, all, "every instance is in one shard")
}

func refuses(t *testing.T, s *harness.Session) {
	path, ids := numbered(t, 3)
	data := harness.File(path)
	tests := map[string]struct {
		flags harness.Flags
		says  []string
	}{
		"ids that the dataset lacks":   {harness.Flags{"datasetFile": data, "instanceIds": []string{ids[0], "team__task-x", "team__task-y"}}, []string{"the dataset lacks", "team__task-x", "team__task-y"}},
		"two selections":               {harness.Flags{"instanceIds": ids, "select": harness.File(path)}, []string{"--instance-ids", "--select"}},
		"two datasets":                 {harness.Flags{"dataset": "a/b", "datasetFile": data}, []string{"--dataset", "--dataset-file"}},
		"a dataset of no known family": {harness.Flags{"dataset": "a/b"}, []string{`"a/b"`, "--family", "swesmith"}},
		"a split of a file":            {harness.Flags{"datasetFile": data, "split": "test"}, []string{"--split", "--dataset"}},
		"a shard that there is not":    {harness.Flags{"shard": "4/3"}, []string{"shard 4/3", "from 1 to 3"}},
		"a seed below zero":            {harness.Flags{"datasetFile": data, "limit": 1, "seed": -1}, []string{"the seed is -1", "from 0 to 4294967295"}},
		"a form that is unknown":       {harness.Flags{"datasetFile": harness.File(harness.Written(t, "d.csv", "a"))}, []string{"d.csv", ".jsonl", ".parquet"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { refused(t, s, test.flags, test.says...) })
	}
}

func saysWhere(t *testing.T, s *harness.Session) {
	tests := map[string]struct {
		name, text, family string
		says               []string
	}{
		"a line that is no JSON":        {"d.jsonl", `{"instance_id":"a__a-1"}` + "\n" + `{"instance_id":`, "", []string{"d.jsonl line 2"}},
		"an id that is a path":          {"d.txt", "a__a-1\n../../etc/passwd\n", "", []string{"d.txt line 2", `column "instance_id"`, "../../etc/passwd"}},
		"a Git LFS pointer":             {"d.parquet", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "", []string{"d.parquet", "`git lfs pull`"}},
		"a column that is a list":       {"d.jsonl", `{"instance_id":"a","dockerhub_tag":["t"]}`, "pro", []string{"d.jsonl line 1", `column "dockerhub_tag"`, "the value is a list, not text"}},
		"a row without its column":      {"d.jsonl", `{"instance_id":"a"}`, "pro", []string{"d.jsonl line 1", `column "dockerhub_tag"`, "family pro"}},
		"two ids that lead to one name": {"d.txt", "A__b-1\na__b-1\n", "", []string{"A__b-1", "a__b-1", "the same official image"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			given := harness.Flags{"datasetFile": harness.File(harness.Written(t, test.name, test.text))}
			if test.family != "" {
				given["family"] = test.family
			}
			refused(t, s, given, test.says...)
		})
	}
}

// refused is a plan that ends in one error, which says all this.
func refused(t *testing.T, s *harness.Session, plan harness.Flags, says ...string) {
	t.Helper()
	refusedBy(t, s, nil, plan, says...)
}

// refusedBy is the same for a module with flags of its own.
func refusedBy(t *testing.T, s *harness.Session, module, plan harness.Flags, says ...string) {
	t.Helper()
	lines, err := s.Plan(t, module, plan)
	require.Error(t, err, "it was planned: %v", lines)
	t.Log(err)
	for _, part := range says {
		assert.ErrorContains(t, err, part)
	}
}
