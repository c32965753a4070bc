package dataset

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// defaultConfig is what the hub calls the only configuration of most datasets.
const defaultConfig = "default"

// ParquetURLs returns the URLs of a split's Parquet files, in order, from the hub's
// answer to [Hub.ParquetListURL]. An empty config means "default", or the only one
// that there is. A config or split that does not exist is an error that lists those
// that do; so is a URL outside of the hub. A mirror may answer with the hub's own
// URLs: they are turned into the mirror's.
func (h Hub) ParquetURLs(listing []byte, config, split string) ([]string, error) {
	configs, err := parseListing(listing)
	if err != nil {
		return nil, fmt.Errorf("reading the list of Parquet files: %s", said(err))
	}
	splits, err := pickConfig(configs, config)
	if err != nil {
		return nil, err
	}
	urls := splits[split]
	if len(urls) == 0 {
		return nil, fmt.Errorf("split %s does not exist: valid are %s", Quote(split), keys(splits))
	}
	root, err := h.root()
	if err != nil {
		return nil, err
	}
	if len(urls) > maxFiles {
		return nil, fmt.Errorf("split %s has %d files: at most %d are read", Quote(split), len(urls), maxFiles)
	}
	for i, address := range urls {
		path, ok := strings.CutPrefix(address, string(DefaultHub)+"/")
		if !ok {
			path, ok = strings.CutPrefix(address, root+"/")
		}
		if !ok || !isPath(path) {
			return nil, fmt.Errorf("the Parquet file %s is not on %s", Quote(address), QuoteName(root))
		}
		urls[i] = root + "/" + path
	}
	return urls, nil
}

// isPath says whether what a hub gives for the rest of an address is one: no longer
// than addresses are, of characters that are escaped where they must be, and with
// no part that leads upwards.
func isPath(path string) bool {
	if len(path) > maxAddress || strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
		return false
	}
	address, err := url.Parse("/" + path)
	return err == nil && address.Host == "" && !slices.Contains(strings.Split(address.Path, "/"), "..")
}

// parseListing parses files by config and split, or the hub's own error.
func parseListing(listing []byte) (map[string]map[string][]string, error) {
	var failure struct{ Error string }
	if err := json.Unmarshal(listing, &failure); err == nil && failure.Error != "" {
		return nil, fmt.Errorf("the hub answers %s", Quote(failure.Error))
	}
	var configs map[string]map[string][]string
	err := json.Unmarshal(listing, &configs)
	return configs, err
}

func pickConfig(configs map[string]map[string][]string, config string) (map[string][]string, error) {
	if config == "" {
		config = defaultConfig
		if len(configs) == 1 {
			config = slices.Collect(maps.Keys(configs))[0]
		}
	}
	splits, ok := configs[config]
	if !ok {
		return nil, fmt.Errorf("config %s does not exist: valid are %s", Quote(config), keys(configs))
	}
	return splits, nil
}

// keys lists the keys of a hostile map for an error.
func keys[V any](m map[string]V) string {
	var quoted []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		quoted = append(quoted, Quote(key))
	}
	return strings.Join(quoted[:min(len(quoted), maxListed)], ", ")
}
