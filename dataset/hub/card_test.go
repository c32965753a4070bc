package hub

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSettingsDeclareFiles: every form that the hub documents.
// https://huggingface.co/docs/hub/datasets-manual-configuration
func TestSettingsDeclareFiles(t *testing.T) {
	paths := []string{"data/dev-0.parquet", "data/test-0.parquet", "data/test-1.parquet", "holdout/a.jsonl", "main.jsonl"}
	tests := map[string]struct {
		configs   string
		want      layout
		preferred string
	}{
		"a list of splits": {
			`[{"config_name": "default", "data_files": [{"split": "test", "path": "data/test-*"}, {"split": "dev", "path": "data/dev-*"}]}]`,
			layout{"default": {"test": {"data/test-0.parquet", "data/test-1.parquet"}, "dev": {"data/dev-0.parquet"}}}, "",
		},
		"several patterns, in their order, each file once": {
			`[{"config_name": "default", "data_files": [{"split": "test", "path": ["data/test-1.parquet", "data/test-*", "none"]}]}]`,
			layout{"default": {"test": {"data/test-1.parquet", "data/test-0.parquet"}}}, "",
		},
		"one file":           {`[{"config_name": "a", "data_files": "main.jsonl"}]`, layout{"a": {"train": {"main.jsonl"}}}, ""},
		"files":              {`[{"config_name": "a", "data_files": ["main.jsonl", "holdout/*"]}]`, layout{"a": {"train": {"main.jsonl", "holdout/a.jsonl"}}}, ""},
		"splits as keys":     {`[{"config_name": "a", "data_files": {"test": "main.jsonl"}}]`, layout{"a": {"test": {"main.jsonl"}}}, ""},
		"a config's default": {`[{"config_name": "a", "data_files": "x"}, {"config_name": "b", "data_files": "x", "default": true}]`, layout{"a": {"train": nil}, "b": {"train": nil}}, "b"},
		"no name":            {`[{"data_files": "main.jsonl"}]`, layout{"default": {"train": {"main.jsonl"}}}, ""},
		"no files":           {`[{"config_name": "a", "sep": "\t", "default": true}]`, nil, ""},
		"a directory beside files": {
			`[{"config_name": "a", "data_files": "main.jsonl"}, {"config_name": "b", "data_dir": "data"}]`, nil, "",
		},
		"files elsewhere": {`[{"config_name": "a", "data_files": "hf://datasets/x/y/main.jsonl"}]`, layout{"a": {"train": nil}}, ""},
		"an empty list":   {`[{"config_name": "a", "data_files": []}]`, nil, ""},
		"nothing":         {`null`, layout{}, ""},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			var c commit
			c.CardData.Configs = json.RawMessage(test.configs)
			found, preferred, err := c.declared(paths)
			require.NoError(t, err)
			assert.Equal(t, test.want, found)
			assert.Equal(t, test.preferred, preferred)
		})
	}
}

func TestGlobsMatchAsTheHubsLibrariesDo(t *testing.T) {
	tests := map[string]struct{ yes, no []string }{
		"data/*":              {[]string{"data/a", "data/a.b"}, []string{"data/a/b", "data", "xdata/a"}},
		"data/**":             {[]string{"data/a", "data/a/b"}, []string{"data", "x/data/a"}},
		"**/test.jsonl":       {[]string{"test.jsonl", "a/test.jsonl", "a/b/test.jsonl"}, []string{"atest.jsonl", "a/xtest.jsonl"}},
		"**":                  {[]string{"a", "a/b/c"}, nil},
		"a?c":                 {[]string{"abc"}, []string{"ac", "a/c"}},
		"data/t-[0-9][0-9].p": {[]string{"data/t-12.p"}, []string{"data/t-1.p", "data/t-xx.p"}},
		"[!a].p":              {[]string{"b.p"}, []string{"a.p"}},
		"./a.p":               {[]string{"a.p"}, []string{"./a.p"}},
		"a+(b).p|c":           {[]string{"a+(b).p|c"}, []string{"aab.p", "c"}},
		"[z-a]":               {nil, []string{"[z-a]", "b"}},
		"":                    {nil, []string{"a"}},
	}
	for pattern, test := range tests {
		t.Run(pattern, func(t *testing.T) {
			assert.Equal(t, test.yes, []string(patterns{pattern}.match(append(test.yes[:len(test.yes):len(test.yes)], test.no...))))
		})
	}
}

// TestTheREADMEDecidesTheChoices: not the names of files beside it.
func TestTheREADMEDecidesTheChoices(t *testing.T) {
	c := commit{SHA: "c"}
	c.Siblings = append(c.Siblings, struct{ RFilename string }{"other/train.jsonl"})
	c.CardData.Configs = json.RawMessage(`[{"config_name": "mine", "data_files": "other/*"}]`)
	_, _, err := c.pick("other", "train")
	require.EqualError(t, err, `config "other" does not exist: valid are "mine"`)
}

func TestFilesAreReadInTheOrderOfTheirNames(t *testing.T) {
	c := commit{SHA: "c"}
	for _, path := range []string{"test-00001-of-00002.jsonl", "test-00000-of-00002.jsonl"} {
		c.Siblings = append(c.Siblings, struct{ RFilename string }{path})
	}
	files, _, err := c.pick("", "test")
	require.NoError(t, err)
	assert.Equal(t, []string{"test-00000-of-00002.jsonl", "test-00001-of-00002.jsonl"}, files)
}

func TestTheLengthOfAPatternIsBounded(t *testing.T) {
	longest := strings.Repeat("a", maxPattern)
	assert.Equal(t, []string{longest}, patterns{longest}.match([]string{longest}))
	assert.Empty(t, patterns{longest + "a"}.match([]string{longest + "a"}))
}

func TestASplitIsReadInOneForm(t *testing.T) {
	c := commit{SHA: "c"}
	for _, path := range []string{"test.jsonl", "data/test.parquet", "data/dev.jsonl"} {
		c.Siblings = append(c.Siblings, struct{ RFilename string }{path})
	}
	files, _, err := c.pick("", "test")
	require.NoError(t, err)
	assert.Equal(t, []string{"data/test.parquet"}, files)
	c.CardData.Configs = json.RawMessage(`[{"data_files": [{"split": "test", "path": "**/test.*"}, {"split": "dev", "path": "data/dev*"}]}]`)
	files, _, err = c.pick("", "test")
	require.NoError(t, err)
	assert.Equal(t, []string{"data/test.parquet"}, files)
	files, _, err = c.pick("", "dev")
	require.NoError(t, err)
	assert.Equal(t, []string{"data/dev.jsonl"}, files)
}

// TestPatternsOfAREADMEAreBounded: its authors also choose the number of files.
func TestPatternsOfAREADMEAreBounded(t *testing.T) {
	var c commit
	for i := range 50_000 {
		c.Siblings = append(c.Siblings, struct{ RFilename string }{fmt.Sprintf("data/%d.jsonl", i)})
	}
	c.CardData.Configs = json.RawMessage(`[{"data_files": ["**", "data/*"]}]`)
	files, _, err := c.pick("", "train")
	require.NoError(t, err)
	assert.Len(t, files, 50_000)

	most := maxMatches / 50_000
	c.CardData.Configs = json.RawMessage(`[{"data_files": ["**"` + strings.Repeat(`, "[z-a]"`, most-1) + `]}]`)
	_, _, err = c.pick("", "train")
	require.NoError(t, err)

	c.CardData.Configs = json.RawMessage(`[{"data_files": ["**"` + strings.Repeat(`, "*a*a*a*a*x"`, most) + `]}]`)
	_, _, err = c.pick("", "train")
	assert.ErrorContains(t, err, "too many patterns")
}

func TestNamesOfFilesTellTheirSplit(t *testing.T) {
	tests := map[string]struct{ config, split string }{
		"data/test-00000-of-00001.parquet":                  {"default", "test"},
		"data/test-00000-of-00001-a09b74b3ef9c3b56.parquet": {"default", "test"},
		"data/test.lite.jsonl":                              {"default", "test.lite"},
		"test.jsonl":                                        {"default", "test"},
		"lite/dev-00000-of-00001.parquet":                   {"lite", "dev"},
		"lite/dev.jsonl":                                    {"lite", "dev"},
		"data/test.jsonl.gz":                                {"default", "test"},
		"train.ndjson":                                      {"default", "train"},
		"default/test/0000.parquet":                         {"default", "test"},
		"default/partial-test/0000.parquet":                 {"default", "partial-test"},
		"a/b/c/d.parquet":                                   {"", ""},
		"data/test-1.parquet":                               {"", ""},
	}
	for path, test := range tests {
		t.Run(path, func(t *testing.T) {
			want := layout{}
			if test.config != "" {
				want.add(test.config, test.split, path)
			}
			assert.Equal(t, want, conventional([]string{path}))
		})
	}
	for _, path := range []string{".hidden/test.jsonl", "__x/test.jsonl", "test.csv", "test.json", "test.parquet.gz", "README.md", "../test.jsonl", "/test.jsonl", "a//test.jsonl", "tést.jsonl", "test.jsonl\n"} {
		assert.False(t, readable(path), path)
	}
}

func TestAChoiceIsListedUpToTenNames(t *testing.T) {
	e := &ChoiceError{What: "config", Name: "x", Valid: strings.Split("a b c d e f g h i j", " ")}
	ten := `config "x" does not exist: valid are "a", "b", "c", "d", "e", "f", "g", "h", "i", "j"`
	require.EqualError(t, e, ten)
	e.Valid = append(e.Valid, "k", "l")
	require.EqualError(t, e, ten+" and 2 more")
	e.Valid = nil
	require.EqualError(t, e, `config "x" does not exist, and there is no other`)
}

// TestTheConfigCalledDefaultIsTheDefault: among many, so that the choice does not depend on order.
func TestTheConfigCalledDefaultIsTheDefault(t *testing.T) {
	l := layout{}
	for i := range 100 {
		l.add(fmt.Sprintf("config-%d", i), "test", "other")
	}
	_, _, err := l.pick("", "", "test")
	require.ErrorContains(t, err, `config "default" does not exist`)
	l.add("default", "test", "mine")
	files, name, err := l.pick("", "", "test")
	require.NoError(t, err)
	assert.Equal(t, []string{"mine"}, files)
	assert.Equal(t, "default", name)
}
