package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/table"
	"dagger/eval-images/dial"
	"dagger/eval-images/redact"
)

// Client reads datasets of one hub. The zero value reads public datasets of the Hugging Face hub.
type Client struct {
	// Address of the hub; empty: [Default].
	Address Address
	// Token of a user, for gated and private datasets. It is sent to the hub's own
	// address only. Empty: none.
	Token string
	// Network connects to the hub; nil: [dial.Default].
	Network *dial.Network
	// Transport sends the requests in place of the network.
	Transport http.RoundTripper
	// Report gets a line for each pause before another attempt; nil: no reports.
	Report func(line string)

	// Tests replace these.
	sleep func(ctx context.Context, pause time.Duration) error
	watch func(idle time.Duration, stalled func()) timer
	idle  time.Duration
}

// Part of a dataset to read.
type Part struct {
	// Name of the dataset: `owner/name`.
	Name string
	// Config of the dataset. Empty: the default of its README, or else the only one, or
	// else "default".
	Config string
	// Split of the config.
	Split string
	// Revision is a commit, a branch or a tag. Empty: the main branch.
	Revision string
	// Columns are further columns to keep of the rows, as for [table.Read].
	Columns []string
}

const (
	// maxFiles is the maximum number of files of a split. Files on the hub have some 500 MB each.
	maxFiles = 100
	// maxFile is the maximum size of a downloaded file in bytes.
	maxFile = 4 << 30
	// maxAnswer is the maximum size of an answer about a dataset in bytes. It lists all files.
	maxAnswer = 32 << 20
)

// Read returns the rows of a part of a dataset, in the dataset's order, and their source.
// Its error wraps an [*Error] if the hub refuses a request, or a [*ChoiceError] if the
// config or the split does not exist. See [Advice].
func (c Client) Read(ctx context.Context, part Part) ([]table.Row, dataset.Source, error) {
	if err := dataset.CheckHubName(part.Name); err != nil {
		return nil, dataset.Source{}, err
	}
	connection, err := c.connect(part.Name)
	if err != nil {
		return nil, dataset.Source{}, err
	}
	rows, source, err := connection.read(ctx, part)
	if err != nil {
		return nil, dataset.Source{}, connection.redact(fmt.Errorf("dataset %s: %w", part.Name, err))
	}
	return rows, source, nil
}

func (c *connection) read(ctx context.Context, part Part) ([]table.Row, dataset.Source, error) {
	files, source, err := c.find(ctx, part)
	if err != nil {
		return nil, source, err
	}
	if err := source.Check(); err != nil {
		return nil, source, err
	}
	if len(files) > maxFiles {
		return nil, source, fmt.Errorf("split %s has %d files: the maximum is %d",
			redact.Quote(source.Split), len(files), maxFiles)
	}
	var rows []table.Row
	for _, file := range files {
		more, err := c.rows(ctx, source, file, part.Columns)
		if err == nil {
			rows, err = table.Join(rows, more)
		}
		if err != nil {
			return nil, source, err
		}
	}
	return rows, source, nil
}

// rows downloads a file to disk, because Parquet is read from its end, and reads its rows.
func (c *connection) rows(
	ctx context.Context, source dataset.Source, file string, further []string,
) ([]table.Row, error) {
	local, err := os.CreateTemp("", "eval-images-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(local.Name())
	defer local.Close()
	var size int64
	err = c.get(ctx, c.files+"/resolve/"+source.Revision+"/"+escaped(file), maxFile, func(content io.Reader) error {
		if _, err := local.Seek(0, io.SeekStart); err != nil { // An attempt before this one may have left its part.
			return err
		}
		size, err = io.Copy(local, content)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("downloading %s: %w", redact.Name(file), err)
	}
	return table.Read(file, local, size, further...)
}

// commit is the hub's description of a dataset at a commit.
// https://huggingface.co/docs/hub/api
type commit struct {
	SHA      string
	Siblings []struct{ RFilename string }
	// CardData has the settings at the top of the dataset's README.
	CardData struct{ Configs json.RawMessage }
}

// converted is the branch of the Parquet files into which the hub converts a dataset.
const converted = "refs/convert/parquet"

// at returns the commit of a revision.
func (c *connection) at(ctx context.Context, revision string) (commit, error) {
	var found commit
	if err := checkRevision(revision); err != nil {
		return found, err
	}
	var answer []byte
	err := c.get(ctx, c.api+"/revision/"+url.PathEscape(revision), maxAnswer, func(content io.Reader) (err error) {
		answer, err = io.ReadAll(content)
		return err
	})
	if err != nil {
		return found, err
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return found, fmt.Errorf("the hub's answer about revision %s is not the expected JSON", revision)
	}
	if !dataset.IsCommit(found.SHA) || dataset.IsCommit(revision) && found.SHA != revision {
		return found, fmt.Errorf("the hub answers with commit %s for revision %s", redact.Quote(found.SHA), revision)
	}
	return found, nil
}

// find returns the files with the part's rows, and their commit.
func (c *connection) find(ctx context.Context, part Part) ([]string, dataset.Source, error) {
	source := dataset.Source{Name: part.Name, Split: part.Split}
	revision := part.Revision
	if revision == "" {
		revision = "main"
	}
	found, err := c.at(ctx, revision)
	if err != nil {
		return nil, source, err
	}
	files, config, err := found.pick(part.Config, part.Split)
	var without *withoutFilesError
	if errors.As(err, &without) && part.Revision == "" {
		found, files, config, err = c.findConverted(ctx, part)
		err = without.unlessChosen(err)
	}
	source.Config, source.Revision = config, found.SHA
	return files, source, err
}

// findConverted returns the files among those that the hub converted, and their commit.
func (c *connection) findConverted(ctx context.Context, part Part) (commit, []string, string, error) {
	found, err := c.at(ctx, converted)
	if hasStatus(err, http.StatusNotFound) {
		// The branch does not exist. The list of its files says why, in the hub's words.
		if why := c.get(ctx, c.api+"/parquet", maxAnswer, func(content io.Reader) error { return nil }); why != nil {
			err = why
		}
	}
	if err != nil {
		return found, nil, "", &notConvertedError{split: part.Split, err: err}
	}
	found.CardData.Configs = nil // They are about the dataset's own files.
	files, config, err := found.pick(part.Config, part.Split)
	return found, files, config, err
}

// paths returns the readable files at the commit. Hidden files are not data.
func (c commit) paths() []string {
	var paths []string
	for _, sibling := range c.Siblings {
		if readable(sibling.RFilename) {
			paths = append(paths, sibling.RFilename)
		}
	}
	return paths
}

// readable reports whether a path is the well-formed path of a data file that is neither hidden nor
// in a hidden directory.
func readable(path string) bool {
	if len(path) > maxAddress || !ofForm.MatchString(path) {
		return false
	}
	if strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r > '~' }) {
		return false
	}
	for _, part := range strings.Split(path, "/") {
		if part == "" || part[0] == '.' || strings.HasPrefix(part, "__") {
			return false
		}
	}
	return true
}
