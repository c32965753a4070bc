package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dagger.io/dagger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWithoutBuilding is what plan does, and what every function refuses, through sessions. Each
// part has its own: the more calls a session has had, the longer the engine takes for the next one.
func TestWithoutBuilding(t *testing.T) {
	t.Parallel()
	for _, part := range []struct {
		name string
		test func(*session, *testing.T)
	}{
		{"dataset", (*session).testDataset},
		{"flags", (*session).testFlags},
		{"check lists what plan names", (*session).checkAsPlanned},
		{"assemble-all makes what plan names", (*session).assembleAsPlanned},
		{"passwords in flags", (*session).testPasswordsInFlags},
		{"check", (*session).testCheck},
		{"read-manifest", (*session).testReadManifest},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(newSession(t), t) })
	}
}

// session has the module loaded once for many calls, as a program that uses it has: what takes a
// second here takes several by `dagger call`. Tables of plans go through it.
type session struct {
	ctx    context.Context
	client *dagger.Client
}

// sessionTimeout bounds a session, which is some two hundred calls beside those of the tests that
// run at the same time.
const sessionTimeout = 3 * callTimeout

// newSession loads the module.
func newSession(t *testing.T) *session {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), sessionTimeout)
	t.Cleanup(cancel)
	client, err := dagger.Connect(ctx)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	require.NoError(t, client.ModuleSource(root).AsModule().Serve(ctx))
	return &session{ctx: ctx, client: client}
}

// flags of a function by their names in the API, "datasetFile" for --dataset-file. Their values are
// what JSON can hold, and files.
type flags map[string]any

// file is a local file, as a flag's value.
type file string

// hidden is a secret, as a flag's value.
type hidden string

// directory is a local directory, as a flag's value.
type directory string

// planned is a line of a plan, as another program reads it.
type planned struct {
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

// plan calls the module's plan.
func (s *session) plan(t *testing.T, module, plan flags) ([]planned, error) {
	t.Helper()
	var result struct{ File struct{ Contents string } }
	if err := s.do(t, module, "plan", plan, "{file{contents}}", &result); err != nil {
		return nil, err
	}
	return parsePlan(t, result.File.Contents), nil
}

// moduleArguments are the [moduleFlags] by their names in the API.
var moduleArguments = func() (names []string) {
	for _, flag := range moduleFlags {
		first, rest, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "-")
		if rest != "" {
			rest = strings.ToUpper(rest[:1]) + rest[1:]
		}
		names = append(names, first+rest)
	}
	return names
}()

// do calls a function of the module, which is about the tiny SDK unless told otherwise, for these
// fields of its result. The given flags may be the function's and the module's.
func (s *session) do(t *testing.T, module flags, function string, given flags, fields string, result any) error {
	t.Helper()
	about, own := flags{"sdk": directory(tinySDK())}, flags{}
	maps.Copy(about, module)
	for name, value := range given {
		if slices.Contains(moduleArguments, name) {
			about[name] = value
		} else {
			own[name] = value
		}
	}
	query := fmt.Sprintf("{evalImages%s{%s%s%s}}", s.arguments(t, about), function, s.arguments(t, own), fields)
	var data struct{ EvalImages map[string]json.RawMessage }
	if err := s.client.Do(s.ctx, &dagger.Request{Query: query}, &dagger.Response{Data: &data}); err != nil {
		return err
	}
	require.NoError(t, json.Unmarshal(data.EvalImages[function], result))
	return nil
}

// ids of the instances that a plan with these flags has.
func (s *session) ids(t *testing.T, plan flags) []string {
	t.Helper()
	lines, err := s.plan(t, nil, plan)
	require.NoError(t, err)
	var ids []string
	for _, line := range lines {
		ids = append(ids, line.InstanceID)
	}
	return ids
}

func parsePlan(t *testing.T, text string) []planned {
	t.Helper()
	var lines []planned
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var p planned
		require.NoError(t, json.Unmarshal([]byte(line), &p), "a line of the plan is no JSON object: %s", line)
		lines = append(lines, p)
	}
	return lines
}

// arguments writes flags as GraphQL has them.
func (s *session) arguments(t *testing.T, given flags) string {
	t.Helper()
	if len(given) == 0 {
		return ""
	}
	var written []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		var err error
		switch local := value.(type) {
		case file:
			value, err = s.client.Host().File(string(local)).ID(s.ctx)
		case hidden:
			value, err = s.client.SetSecret(fmt.Sprintf("%x", sha256.Sum256([]byte(local))), string(local)).ID(s.ctx)
		case directory:
			value, err = s.client.Host().Directory(string(local)).ID(s.ctx)
		}
		require.NoError(t, err)
		literal, err := json.Marshal(value)
		require.NoError(t, err)
		written = append(written, name+":"+string(literal))
	}
	return "(" + strings.Join(written, ",") + ")"
}

// tinySDK is an SDK whose images are made in no time.
func tinySDK() string { return filepath.Join(root, "e2e", "testdata", "tiny-sdk") }

// written is the path of a new file with this text.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// tinyDockerfileKey is what stands for the tiny SDK's Dockerfile in tags: the first seven
// hexadecimal digits of its SHA-256.
func tinyDockerfileKey(t *testing.T) string { return dockerfileKey(t, tinySDK()) }

// dockerfileKey is the same of another SDK's.
func dockerfileKey(t *testing.T, sdk string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sdk, dockerfilePath))
	require.NoError(t, err)
	return fmt.Sprintf("%x", sha256.Sum256(text))[:7]
}

// dockerfilePath is where an SDK has its Dockerfile.
const dockerfilePath = "openhands-agent-server/openhands/agent_server/docker/Dockerfile"
