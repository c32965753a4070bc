package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/hub/hubtest"
)

const verified = "princeton-nlp/SWE-bench_Verified"

func (s *session) hubFetches(t *testing.T) {
	hub := newHub(t, map[string]map[string][][]string{
		verified:                              {"test": {{"django__django-1", "django__django-2"}, {"astropy__astropy-1"}}, "dev": {{"sympy__sympy-1"}}},
		"princeton-nlp/SWE-bench_Multimodal":  {"dev": {{"Automattic__wp-calypso-21648"}}, "test": {{"a__a-1"}}},
		"somebody/SWE-bench_of_somebody_else": {"train": {{"a__b-1"}}},
	})
	t.Run("all files of the split that the family evaluates", func(t *testing.T) {
		ids := s.ids(t, flags{"dataset": verified, "hub": hub.url})
		assert.Equal(t, []string{"astropy__astropy-1", "django__django-1", "django__django-2"}, ids)
		assert.Equal(t, []string{"Automattic__wp-calypso-21648"}, s.ids(t, flags{"dataset": "princeton-nlp/SWE-bench_Multimodal", "hub": hub.url}))
	})
	t.Run("another split, another family, a slash after the address", func(t *testing.T) {
		assert.Equal(t, []string{"sympy__sympy-1"}, s.ids(t, flags{"dataset": verified, "hub": hub.url + "/", "split": "dev"}))
		lines, err := s.plan(t, nil, flags{"dataset": "somebody/SWE-bench_of_somebody_else", "hub": hub.url, "family": "swegym"})
		require.NoError(t, err)
		require.Len(t, lines, 1)
		assert.Equal(t, "docker.io/xingyaoww/sweb.eval.x86_64.a_s_b-1", lines[0].BaseImage)
	})
	t.Run("an unknown split is an error that names the others", func(t *testing.T) {
		hub.Configure(verified, []any{map[string]any{"config_name": "default", "data_files": []any{
			map[string]any{"split": "test", "path": "data/test-*"}, map[string]any{"split": "dev", "path": "data/dev-*"},
		}}})
		s.refused(t, flags{"dataset": verified, "hub": hub.url, "split": "train"}, `split "train" does not exist: valid are "dev", "test"`, "→ Choose one with --split")
	})
	t.Run("an unknown dataset is an error that names it, in the hub's words", func(t *testing.T) {
		s.refused(t, flags{"dataset": "princeton-nlp/SWE-bench", "hub": hub.url},
			`dataset princeton-nlp/SWE-bench: the hub answers 401 Unauthorized: "Invalid username or password."`, "→ Check the name in --dataset. A private dataset needs --hub-token")
	})
	t.Run("a hub that does not answer is no unknown dataset, whatever its address", func(t *testing.T) {
		s.refused(t, flags{"dataset": verified, "hub": "http://127.0.0.1:40404"}, "dataset "+verified+": no complete answer: ", "connection refused")
	})
	t.Run("a name that leads elsewhere is refused, and so is an address that is none", func(t *testing.T) {
		before := len(hub.Requests())
		s.refused(t, flags{"dataset": "../../x", "family": "swebench", "hub": hub.url}, "../../x", "owner/name")
		s.refused(t, flags{"dataset": verified, "hub": "file:///etc"}, "file:///etc")
		s.refused(t, flags{"dataset": verified, "hub": hub.url, "revision": "../x"}, `"../x" is not a commit, a branch or a tag`)
		assert.Len(t, hub.Requests(), before, "nothing was asked for")
	})
	t.Run("a dataset that was renamed, by its old name", func(t *testing.T) {
		hub := newHub(t, map[string]map[string][][]string{verified: {"test": {{"django__django-1"}}}})
		hub.Rename(verified, "SWE-bench/SWE-bench_Verified")
		assert.Equal(t, []string{"django__django-1"}, s.ids(t, flags{"dataset": verified, "hub": hub.url}))
	})
	t.Run("a limit and a cut download pass", func(t *testing.T) {
		hub := newHub(t, map[string]map[string][][]string{verified: {"test": {{"django__django-1"}}}})
		hub.Fail(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			hubtest.Refuse(w, http.StatusTooManyRequests, "", "We had to rate limit your IP.")
		}, nil, nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000")
			_, _ = w.Write([]byte("PAR1"))
			panic(http.ErrAbortHandler)
		})
		assert.Equal(t, []string{"django__django-1"}, s.ids(t, flags{"dataset": verified, "hub": hub.url}))
		assert.Len(t, hub.Requests(), 6)
	})
	t.Run("a run is repeated by the commit in its plan", s.hubRepeats)
	t.Run("a dataset of several configs", s.hubConfigs)
	t.Run("a gated dataset needs a token", s.hubGates)
}

func (s *session) hubRepeats(t *testing.T) {
	hub := newHub(t, map[string]map[string][][]string{verified: {"test": {{"django__django-1"}}}})
	now := flags{"dataset": verified, "hub": hub.url}
	first, err := s.plan(t, nil, now)
	require.NoError(t, err)
	require.Len(t, first, 1)
	assert.Equal(t, []string{verified, "default", "test"}, []string{first[0].Dataset, first[0].Config, first[0].Split})
	require.Regexp(t, `^[0-9a-f]{40}$`, first[0].Revision)

	hub.have(t, verified, map[string][][]string{"test": {{"django__django-2"}}})
	assert.Equal(t, []string{"django__django-2"}, newSession(t).ids(t, now), "the same call another time reads what there is now")
	again, err := s.plan(t, nil, flags{
		"dataset": verified, "hub": hub.url, "config": first[0].Config, "split": first[0].Split, "revision": first[0].Revision,
	})
	require.NoError(t, err)
	assert.Equal(t, first, again)

	var shown struct{ Table string }
	require.NoError(t, s.do(t, nil, "plan", flags{"dataset": verified, "hub": hub.url, "revision": first[0].Revision}, "{table}", &shown))
	assert.Contains(t, shown.Table, "of the dataset "+verified+", config default, split test, revision "+first[0].Revision)
	s.refused(t, flags{"dataset": verified, "hub": hub.url, "revision": "v9"}, `the hub answers 404 Not Found: "Invalid rev id: v9"`, "→ Check --revision")
}

func (s *session) hubConfigs(t *testing.T) {
	const name = "bytedance-research/Multi-SWE-Bench"
	hub := newHub(t, nil)
	row := func(id, repo string) string { return fmt.Sprintf("{\"instance_id\": %q, \"repo\": %q}\n", id, repo) }
	hub.Commit(name, "main", hubtest.Files{"go/all.jsonl": row("cli__cli-1", "cli/cli"), "java/all.jsonl": row("google__gson-1", "google/gson")})
	hub.Configure(name, []any{
		map[string]any{"config_name": "go", "data_files": []any{map[string]any{"split": "test", "path": "go/*.jsonl"}}},
		map[string]any{"config_name": "java", "data_files": []any{map[string]any{"split": "test", "path": "java/*.jsonl"}}},
	})
	s.refused(t, flags{"dataset": name, "hub": hub.url}, `config "default" does not exist: valid are "go", "java"`, "→ Choose one with --config")
	lines, err := s.plan(t, nil, flags{"dataset": name, "hub": hub.url, "config": "java"})
	require.NoError(t, err)
	require.Len(t, lines, 1)
	assert.Equal(t, "java", lines[0].Config)
	assert.Contains(t, lines[0].BaseImage, "gson")
}

func (s *session) hubGates(t *testing.T) {
	const reader = "hf_reader0123456789012345678901234567"
	hub := newHub(t, map[string]map[string][][]string{verified: {"test": {{"django__django-1"}}}})
	hub.Users = []string{reader, "hf_stranger01234567890123456789012345"}
	hub.Gate(verified, reader)
	gated := flags{"dataset": verified, "hub": hub.url}
	s.refused(t, gated, "the hub answers 401 Unauthorized", `"Access to dataset `+verified+` is restricted`, "→ Request access on "+hub.url+"/datasets/"+verified+", and pass a token")
	for token, says := range map[hidden]string{
		hidden(hub.Users[1]): "you are not in the authorized list", "hf_nobody": `401 Unauthorized: "Invalid credentials`, " ": "--hub-token is empty", "a\nb": "--hub-token has characters",
	} {
		s.refused(t, flags{"dataset": verified, "hub": hub.url, "hubToken": token}, says)
	}
	assert.Equal(t, []string{"django__django-1"}, s.ids(t, flags{"dataset": verified, "hub": hub.url, "hubToken": hidden(reader)}))
	for _, request := range hub.Requests() {
		if "http://"+request.Host != hub.url {
			assert.Empty(t, request.Header["Authorization"], "the storage gets no token")
		}
	}
	for _, flag := range []string{"config", "revision"} {
		s.refused(t, flags{flag: "x"}, "--"+flag+" is for --dataset")
	}
	s.refused(t, flags{"hubToken": hidden(reader)}, "--hub-token is for --dataset")
}

// hub is one that the module's functions reach, with its files in a storage at another address.
type hub struct {
	hubtest.Hub
	url string
}

// newHub has datasets with these ids, by dataset, split and file.
func newHub(t *testing.T, datasets map[string]map[string][][]string) *hub {
	t.Helper()
	h := &hub{}
	h.Storage = seenByEngine(t, http.HandlerFunc(h.ServeStorage))
	h.url = seenByEngine(t, &h.Hub)
	for name, splits := range datasets {
		h.have(t, name, splits)
	}
	return h
}

// have commits the ids to a dataset's main branch, as Parquet.
func (h *hub) have(t *testing.T, name string, splits map[string][][]string) {
	t.Helper()
	files := hubtest.Files{}
	for split, parts := range splits {
		for i, ids := range parts {
			files[fmt.Sprintf("data/%s-%05d-of-%05d.parquet", split, i, len(parts))] = table(t, ids)
		}
	}
	h.Commit(name, "main", files)
}

// seenByEngine serves at an address that the engine and the module's functions reach.
func seenByEngine(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	require.NoError(t, server.Listener.Close())
	var err error
	server.Listener, err = net.Listen("tcp", net.JoinHostPort(hostSeenByEngine(t), "0"))
	require.NoError(t, err)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// table is a Parquet file with rows of these ids.
func table(t *testing.T, ids []string) string {
	t.Helper()
	content, err := datasettest.Parquet(max(len(ids), 1), []datasettest.Column{
		{Name: "instance_id", Values: ids},
		{Name: "problem_statement", Values: slices.Repeat([]string{strings.Repeat("It fails. ", 100)}, len(ids))},
	})
	require.NoError(t, err)
	return string(content)
}
