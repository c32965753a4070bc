package harness

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/hub/hubtest"
)

// Hub is one that the module's functions reach, with its files in a storage at another address.
type Hub struct {
	hubtest.Hub
	URL string
}

// NewHub has datasets with these ids, by dataset, split and file.
func NewHub(t *testing.T, datasets map[string]map[string][][]string) *Hub {
	t.Helper()
	h := &Hub{}
	h.Storage = "http://" + Served(t, http.HandlerFunc(h.ServeStorage))
	h.URL = "http://" + Served(t, &h.Hub)
	for name, splits := range datasets {
		h.Have(t, name, splits)
	}
	return h
}

// Have commits the ids to a dataset's main branch, as Parquet.
func (h *Hub) Have(t *testing.T, name string, splits map[string][][]string) {
	t.Helper()
	files := hubtest.Files{}
	for split, parts := range splits {
		for i, ids := range parts {
			files[fmt.Sprintf("data/%s-%05d-of-%05d.parquet", split, i, len(parts))] = table(t, ids)
		}
	}
	h.Commit(name, "main", files)
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
