package hub

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// config is an entry of "configs" in the settings at the top of a dataset's README.
// https://huggingface.co/docs/hub/datasets-manual-configuration
type config struct {
	Name      string    `json:"config_name"`
	DataFiles dataFiles `json:"data_files"`
	Default   bool      `json:"default"`
}

// dataFiles has the file patterns of each split.
type dataFiles []splitFiles

type splitFiles struct {
	Split string   `json:"split"`
	Path  patterns `json:"path"`
}

// trainSplit is the split of files that do not name one.
const trainSplit = "train"

// UnmarshalJSON reads all three forms: patterns alone, patterns by split, and a list of
// splits with their patterns.
func (d *dataFiles) UnmarshalJSON(data []byte) error {
	var alone patterns
	if json.Unmarshal(data, &alone) == nil {
		if len(alone) > 0 {
			*d = dataFiles{{Split: trainSplit, Path: alone}}
		}
		return nil
	}
	var bySplit map[string]patterns
	if json.Unmarshal(data, &bySplit) == nil {
		for split, path := range bySplit {
			*d = append(*d, splitFiles{Split: split, Path: path})
		}
		return nil
	}
	return json.Unmarshal(data, (*[]splitFiles)(d))
}

// patterns of files: one or several.
type patterns []string

// UnmarshalJSON reads both forms.
func (p *patterns) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		*p = patterns{""}
		return json.Unmarshal(data, &(*p)[0])
	}
	return json.Unmarshal(data, (*[]string)(p))
}

// declared returns the layout that the settings of the README declare, and their default
// config. Both are empty if there are no settings, or a config has no patterns of files. A
// split whose patterns match no path is in the layout, without files.
func (c commit) declared(paths []string) (found layout, preferred string, err error) {
	if len(c.CardData.Configs) == 0 {
		return nil, "", nil
	}
	var configs []config
	if err := json.Unmarshal(c.CardData.Configs, &configs); err != nil {
		return nil, "", errSettings
	}
	if countPatterns(configs) > maxMatches/max(1, len(paths)) {
		return nil, "", errPatterns
	}
	found = layout{}
	for _, config := range configs {
		if config.Name == "" {
			config.Name = defaultConfig
		}
		if config.Default {
			preferred = config.Name
		}
		if len(config.DataFiles) == 0 {
			return nil, "", nil // It names a directory, or nothing.
		}
		for _, files := range config.DataFiles {
			found.add(config.Name, files.Split, files.Path.match(paths)...)
		}
	}
	return found, preferred, nil
}

// maxMatches is the maximum number of comparisons of a path with a pattern, which take some
// seconds. Datasets with hundreds of configs and thousands of files need a million.
const maxMatches = 20_000_000

// countPatterns returns the number of patterns of all configs.
func countPatterns(configs []config) (count int) {
	for _, config := range configs {
		for _, files := range config.DataFiles {
			count += len(files.Path)
		}
	}
	return count
}

// match returns the paths that the patterns match, in the patterns' order, each path
// once.
func (p patterns) match(paths []string) []string {
	var matched []string
	taken := make(map[string]bool)
	for _, pattern := range p {
		expression := globbed(pattern)
		if expression == nil {
			continue
		}
		for _, path := range paths {
			if !taken[path] && expression.MatchString(path) {
				matched, taken[path] = append(matched, path), true
			}
		}
	}
	return matched
}

// maxPattern is the maximum length of a pattern in bytes.
const maxPattern = 255

// glob matches the special parts of a pattern.
var glob = regexp.MustCompile(`\*\*/|\*+|\?|\[[!^]?[A-Za-z0-9_.-]+\]`)

// globbed returns the regular expression for a pattern. As in the hub's libraries, `*`
// and `?` do not match a slash and `**` does. Nil if the pattern is too long or not valid.
// Patterns of files elsewhere, `hf://…`, match no path: none has two slashes in a row.
func globbed(pattern string) *regexp.Regexp {
	pattern = strings.TrimPrefix(pattern, "./")
	if len(pattern) > maxPattern {
		return nil
	}
	var text strings.Builder
	text.WriteString(`^`)
	rest := pattern
	for _, at := range glob.FindAllStringIndex(pattern, -1) {
		start := at[0] - (len(pattern) - len(rest))
		text.WriteString(regexp.QuoteMeta(rest[:start]))
		rest = pattern[at[1]:]
		switch special := pattern[at[0]:at[1]]; {
		case special == "**/":
			text.WriteString(`(?:.*/)?`)
		case special == "*":
			text.WriteString(`[^/]*`)
		case special[0] == '*':
			text.WriteString(`.*`)
		case special == "?":
			text.WriteString(`[^/]`)
		default:
			text.WriteString(strings.Replace(special, "[!", "[^", 1))
		}
	}
	text.WriteString(regexp.QuoteMeta(rest) + `$`)
	expression, _ := regexp.Compile(text.String()) // Nil for a class such as [z-a].
	return expression
}
