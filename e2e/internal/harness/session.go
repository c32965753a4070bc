package harness

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"dagger.io/dagger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Session has the module loaded once for many calls, as a program that uses it has: what takes a
// second here takes several by `dagger call`. Tables of plans go through it. Each test has its own:
// the more calls a session has had, the longer the engine takes for the next one.
type Session struct {
	ctx    context.Context
	client *dagger.Client
	sdk    string // the tiny SDK as the engine has it
}

// sessionTimeout bounds a session, which is some two hundred calls beside those of the tests that
// run at the same time.
const sessionTimeout = 3 * callTimeout

// NewSession loads the module.
func NewSession(t *testing.T) *Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), sessionTimeout)
	t.Cleanup(cancel)
	client, err := dagger.Connect(ctx)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	require.NoError(t, client.ModuleSource(Root).AsModule().Serve(ctx))
	sdk, err := client.Host().Directory(TinySDK()).ID(ctx)
	require.NoError(t, err)
	return &Session{ctx: ctx, client: client, sdk: string(sdk)}
}

// Flags of a function by their names in the API, "datasetFile" for --dataset-file. Their values are
// what JSON can hold, and files.
type Flags map[string]any

// File is a local file, as a flag's value.
type File string

// Secret is a secret, as a flag's value.
type Secret string

// Directory is a local directory, as a flag's value.
type Directory string

// Plan calls the module's plan.
func (s *Session) Plan(t *testing.T, module, plan Flags) ([]Planned, error) {
	t.Helper()
	var result struct{ File struct{ Contents string } }
	if err := s.Do(t, module, "plan", plan, "{file{contents}}", &result); err != nil {
		return nil, err
	}
	return ParsePlan(t, result.File.Contents), nil
}

// Do calls a function of the module, which is about the tiny SDK unless told otherwise, for these
// fields of its result. The given flags may be the function's and the module's.
func (s *Session) Do(t *testing.T, module Flags, function string, given Flags, fields string, result any) error {
	t.Helper()
	about, own := Flags{"sdk": s.sdk}, Flags{}
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

// IDs of the instances that a plan with these flags has.
func (s *Session) IDs(t *testing.T, plan Flags) []string {
	t.Helper()
	lines, err := s.Plan(t, nil, plan)
	require.NoError(t, err)
	var ids []string
	for _, line := range lines {
		ids = append(ids, line.InstanceID)
	}
	return ids
}

// arguments writes flags as GraphQL has them.
func (s *Session) arguments(t *testing.T, given Flags) string {
	t.Helper()
	if len(given) == 0 {
		return ""
	}
	var written []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		var err error
		switch local := value.(type) {
		case File:
			value, err = s.client.Host().File(string(local)).ID(s.ctx)
		case Secret:
			value, err = s.client.SetSecret(fmt.Sprintf("%x", sha256.Sum256([]byte(local))), string(local)).ID(s.ctx)
		case Directory:
			value, err = s.client.Host().Directory(string(local)).ID(s.ctx)
		}
		require.NoError(t, err)
		literal, err := json.Marshal(value)
		require.NoError(t, err)
		written = append(written, name+":"+string(literal))
	}
	return "(" + strings.Join(written, ",") + ")"
}

// GitBranch is a branch of a git repository as a flag's value.
func (s *Session) GitBranch(t *testing.T, url, branch string) string {
	t.Helper()
	tree, err := s.client.Git(url).Branch(branch).Tree().ID(s.ctx)
	require.NoError(t, err)
	return string(tree)
}
