package dataset

import (
	"fmt"
	"regexp"
	"strings"
)

// DefaultHub is the Hugging Face hub itself.
const DefaultHub Hub = "https://huggingface.co"

// Hub is the address of the Hugging Face hub or of a mirror of it, such as
// `https://hf-mirror.example`. The zero value is [DefaultHub].
type Hub string

// hubName is the allow-list for a dataset's name, which becomes part of a URL.
var hubName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)

// CheckHubName returns an error unless name is fit to be a dataset's on the Hugging
// Face hub: `owner/name`, of ASCII letters and digits, `.`, `_` and `-`.
func CheckHubName(name string) error {
	if !hubName.MatchString(name) {
		return fmt.Errorf("dataset %s is not of the form owner/name", Quote(name))
	}
	return nil
}

// ParquetListURL returns the URL at which the hub lists the Parquet files of a
// dataset: it converts every dataset to Parquet, whatever its authors uploaded.
// [Hub.ParquetURLs] reads the answer.
// https://huggingface.co/docs/dataset-viewer/parquet
func (h Hub) ParquetListURL(name string) (string, error) {
	if err := CheckHubName(name); err != nil {
		return "", err
	}
	root, err := h.root()
	if err != nil {
		return "", err
	}
	return root + "/api/datasets/" + name + "/parquet", nil
}

// hubAddress is the allow-list for the address of a hub: a host, and where a mirror
// is not at its top, a path. What is in it goes in front of the paths of datasets.
var hubAddress = regexp.MustCompile(`^https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/*$`)

// maxAddress is the longest address accepted, in bytes.
const maxAddress = 2000

// root is the hub's address without a slash at its end.
func (h Hub) root() (string, error) {
	if h == "" {
		h = DefaultHub
	}
	if len(h) > maxAddress || !hubAddress.MatchString(string(h)) {
		return "", fmt.Errorf("the hub %s is not of the form https://host", Quote(string(h)))
	}
	return strings.TrimRight(string(h), "/"), nil
}
