package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (s *session) hubFetches(t *testing.T) {
	verified := "princeton-nlp/SWE-bench_Verified"
	elsewhere := newHub(t, map[string]map[string][][]string{verified: {"test": {{"evil__evil-1"}}}}, "")
	hub := newHub(t, map[string]map[string][][]string{
		verified:                              {"test": {{"django__django-1", "django__django-2"}, {"astropy__astropy-1"}}, "dev": {{"sympy__sympy-1"}}},
		"princeton-nlp/SWE-bench_Multimodal":  {"dev": {{"Automattic__wp-calypso-21648"}}, "test": {{"a__a-1"}}},
		"somebody/SWE-bench_of_somebody_else": {"train": {{"a__b-1"}}},
	}, elsewhere.url)
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
		s.refused(t, flags{"dataset": verified, "hub": hub.url, "split": "train"}, `"train"`, `"dev"`, `"test"`)
	})
	t.Run("an unknown dataset is an error that names it", func(t *testing.T) {
		s.refused(t, flags{"dataset": "princeton-nlp/SWE-bench", "hub": hub.url}, "the hub has no dataset princeton-nlp/SWE-bench,")
	})
	t.Run("a hub that does not answer is no unknown dataset, whatever its address", func(t *testing.T) {
		s.refused(t, flags{"dataset": verified, "hub": "http://127.0.0.1:40404"}, "asking the hub for the dataset "+verified, "connection refused")
	})
	t.Run("a file that the engine has is not sent again to another call", func(t *testing.T) {
		hub := newHub(t, map[string]map[string][][]string{verified: {"test": {{"django__django-1"}, {"django__django-2"}}}}, "")
		for _, s := range []*session{s, newSession(t)} {
			assert.Len(t, s.ids(t, flags{"dataset": verified, "hub": hub.url}), 2)
		}
		assert.EqualValues(t, 2, hub.sent.Load(), "each file once")
	})
	t.Run("a name that leads elsewhere is refused, and so is an address that is none", func(t *testing.T) {
		before := hub.requests.Load()
		s.refused(t, flags{"dataset": "../../x", "family": "swebench", "hub": hub.url}, "../../x", "owner/name")
		s.refused(t, flags{"dataset": verified, "hub": "file:///etc"}, "file:///etc")
		assert.Equal(t, before, hub.requests.Load(), "nothing was asked for")
	})
	t.Run("a list of files that are elsewhere is refused, and they are not fetched", func(t *testing.T) {
		s.refused(t, flags{"dataset": astray, "family": "swebench", "hub": hub.url}, elsewhere.url, "is not on "+hub.url)
		assert.Zero(t, elsewhere.requests.Load())
	})
}

// hub answers as the Hugging Face hub does, to the engine as well.
type hub struct {
	url       string
	elsewhere string // the hub that the list of astray names
	requests  atomic.Int64
	sent      atomic.Int64                     // files, in full
	datasets  map[string]map[string][][]string // ids by dataset, split and file
}

// astray is a dataset whose list of files names another hub's.
const astray = "somebody/astray"

func newHub(t *testing.T, datasets map[string]map[string][][]string, elsewhere string) *hub {
	t.Helper()
	h := &hub{datasets: datasets, elsewhere: elsewhere}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/datasets/{owner}/{name}/parquet", h.list)
	mux.HandleFunc("GET /api/datasets/{path...}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, h.url+"/storage/"+r.PathValue("path"), http.StatusFound) // As the hub does, to where its files are.
	})
	mux.HandleFunc("GET /storage/{owner}/{name}/parquet/default/{split}/{file}", h.file)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.requests.Add(1)
		mux.ServeHTTP(w, r)
	}))
	require.NoError(t, server.Listener.Close())
	var err error
	server.Listener, err = net.Listen("tcp", net.JoinHostPort(hostSeenByEngine(t), "0"))
	require.NoError(t, err)
	server.Start()
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func (h *hub) list(w http.ResponseWriter, r *http.Request) {
	dataset := r.PathValue("owner") + "/" + r.PathValue("name")
	urls := map[string][]string{}
	for split, files := range h.datasets[dataset] {
		for i := range files {
			urls[split] = append(urls[split], fmt.Sprintf("%s/api/datasets/%s/parquet/default/%s/%d.parquet", h.url, dataset, split, i))
		}
	}
	if dataset == astray {
		urls["test"] = []string{h.elsewhere + "/api/datasets/princeton-nlp/SWE-bench_Verified/parquet/default/test/0.parquet"}
	}
	if len(urls) == 0 {
		http.Error(w, `{"error":"The dataset does not exist, or is not accessible without authentication"}`, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"default": urls}) // The engine says so if it does not get all.
}

func (h *hub) file(w http.ResponseWriter, r *http.Request) {
	type row struct {
		InstanceID string `parquet:"instance_id"`
		Problem    string `parquet:"problem_statement"`
	}
	var number int
	_, err := fmt.Sscanf(r.PathValue("file"), "%d.parquet", &number)
	files := h.datasets[r.PathValue("owner")+"/"+r.PathValue("name")][r.PathValue("split")]
	if err != nil || number >= len(files) {
		http.NotFound(w, r)
		return
	}
	var rows []row
	for _, id := range files[number] {
		rows = append(rows, row{InstanceID: id, Problem: strings.Repeat("It fails. ", 100)})
	}
	var table bytes.Buffer
	if err := parquet.Write(&table, rows); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(table.Bytes())))
	answer := httptest.NewRecorder()
	http.ServeContent(answer, r, "", time.Time{}, bytes.NewReader(table.Bytes())) // It knows If-None-Match.
	if answer.Code == http.StatusOK && r.Method == http.MethodGet {
		h.sent.Add(1)
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = answer.Body.WriteTo(w) // The engine says so if it does not get all.
}
