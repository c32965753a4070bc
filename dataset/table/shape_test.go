package table_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheKeysOfAnObjectTellItsForm: a form that is mistaken for another gives other rows.
func TestTheKeysOfAnObjectTellItsForm(t *testing.T) {
	const row = `{"instance_id": "a__a-1"}`
	tests := map[string]struct {
		content string
		rows    int
		says    string // Empty: it is read.
	}{
		"one list of rows is a split":                     {`{"test": [` + row + `, ` + row + `]}`, 2, ""},
		"also if it is called data":                       {`{"data": [` + row + `]}`, 1, ""},
		"or columns":                                      {`{"columns": [` + row + `]}`, 1, ""},
		"or schema":                                       {`{"schema": [` + row + `]}`, 1, ""},
		"both are as pandas writes them":                  {`{"columns": ["instance_id"], "data": [["a__a-1"]]}`, 0, `orient="split"`},
		"in either order":                                 {`{"data": [["a__a-1"]], "columns": ["instance_id"]}`, 0, `orient="split"`},
		"five splits are named":                           {`{"a": [], "b": [], "c": [], "d": [], "e": [], "f": []}`, 0, `several splits ("a", "b", "c", "d", "e"): `},
		"an empty list is a split without rows":           {`{"test": []}`, 0, ""},
		"several lists of rows are several splits":        {`{"test": [` + row + `], "dev": []}`, 0, "the file has several splits (\"test\", \"dev\")"},
		"a list of numbers is none":                       {`{"test": [1]}`, 0, "neither rows nor columns nor a split"},
		"nor is one beside it":                            {`{"test": [` + row + `], "other": [1]}`, 0, "neither rows nor columns nor a split"},
		"what comes first in a list tells what it is":     {`{"test": [` + row + `, 5]}`, 0, "d.json row 2: the row is a number, not an object"},
		"objects are rows by their keys":                  {`{"0": ` + row + `, "1": ` + row + `}`, 2, ""},
		"unless a key is a column: then they are columns": {`{"repo": {"0": "a/a", "1": "b/b"}}`, 2, ""},
		"or the other one":                                {`{"instance_id": {"0": "a__a-1"}}`, 1, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			rows, err := readText("d.json", test.content)
			if test.says != "" {
				require.ErrorContains(t, err, test.says)
				return
			}
			require.NoError(t, err)
			assert.Len(t, rows, test.rows)
		})
	}
}
