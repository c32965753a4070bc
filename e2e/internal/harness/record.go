package harness

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Record is a line of the manifest, as another program reads it.
type Record struct {
	InstanceID     string   `json:"instance_id"`
	Status         string   `json:"status"`
	BaseImage      string   `json:"base_image"`
	OfficialDigest string   `json:"official_digest"`
	BaseTag        string   `json:"base_tag"`
	BaseDigest     string   `json:"base_digest"`
	Tags           []string `json:"tags"`
	Digest         string   `json:"digest"`
	Error          *string  `json:"error"`
	SkipReason     *string  `json:"skip_reason"`
	RebuildReason  string   `json:"rebuild_reason"`
	GraftedFrom    string   `json:"grafted_from"`
	BuildReason    string   `json:"build_reason"`
	RebaseRefused  string   `json:"rebase_refused"`
	AttemptCount   int      `json:"attempt_count"`
	Duration       *float64 `json:"duration_seconds"`
	Queue          *float64 `json:"queue_seconds"`
	RemoteCheck    *float64 `json:"remote_check_seconds"`
	Build          *float64 `json:"build_seconds"`
	Push           *float64 `json:"push_seconds"`
}

// Records reads one of the files of a manifest's directory.
func Records(t *testing.T, dir, file string) []Record {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	require.NoError(t, err)
	return ParseRecords(t, string(data))
}

// ParseRecords reads the text of such a file.
func ParseRecords(t *testing.T, text string) []Record {
	t.Helper()
	var all []Record
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var r Record
		require.NoError(t, json.Unmarshal([]byte(line), &r), "a line of the manifest is no JSON object: %s", line)
		all = append(all, r)
	}
	return all
}

// Statuses of records by their instances.
func Statuses(all []Record) map[string]string {
	by := map[string]string{}
	for _, record := range all {
		by[record.InstanceID] = record.Status
	}
	return by
}

// TagsOf are the digests of all tags in these records, by reference.
func TagsOf(records ...[]Record) map[string]string {
	digests := map[string]string{}
	for _, record := range slices.Concat(records...) {
		for _, tag := range record.Tags {
			digests[tag] = record.Digest
		}
	}
	return digests
}

// Planned is a line of a plan, as another program reads it.
type Planned struct {
	InstanceID     string   `json:"instance_id"`
	SharedWith     []string `json:"shared_with"`
	BaseImage      string   `json:"base_image"`
	OfficialDigest string   `json:"official_digest"`
	BuilderTag     string   `json:"builder_tag"`
	BaseTag        string   `json:"base_tag"`
	Tags           []string `json:"tags"`
	Wrapped        bool     `json:"wrapped"`
	Dataset        string   `json:"dataset"`
	Config         string   `json:"dataset_config"`
	Split          string   `json:"dataset_split"`
	Revision       string   `json:"dataset_revision"`
}

// ParsePlan reads the file of a plan.
func ParsePlan(t *testing.T, text string) []Planned {
	t.Helper()
	var lines []Planned
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var p Planned
		require.NoError(t, json.Unmarshal([]byte(line), &p), "a line of the plan is no JSON object: %s", line)
		lines = append(lines, p)
	}
	return lines
}
