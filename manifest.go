package main

import (
	"fmt"
	"os"
	"path/filepath"

	"dagger/eval-images/internal/dagger"
	"dagger/eval-images/pipeline"
)

// Manifest says what became of each image of a run.
type Manifest struct {
	// How many agent images were asked for
	Total int
	// How many of them were built
	Built int
	// How many the registry already had
	Skipped int
	// How many could not be made
	Failed int
	// The run in Markdown, for people: counts, failures, times
	Summary string
	// The files of the run: manifest.jsonl, which has a line for each agent image, base-manifest.jsonl and builder-manifest.jsonl, which tell the same of the base images and of the builder, and summary.md
	Directory *dagger.Directory
	// The file manifest.jsonl: one JSON object a line, for each agent image
	File *dagger.File
	// +private
	Images string
}

// Names of the files in a manifest's directory.
const (
	manifestFile        = "manifest.jsonl"
	baseManifestFile    = "base-manifest.jsonl"
	builderManifestFile = "builder-manifest.jsonl"
	summaryFile         = "summary.md"
)

// newManifest makes the files at once: a function of the manifest that made them later would be one more container to start.
func newManifest(result *pipeline.Result) (*Manifest, error) {
	m := &Manifest{
		Total:   len(result.Images),
		Built:   result.Count(pipeline.StatusBuilt),
		Skipped: result.Count(pipeline.StatusSkipped),
		Failed:  result.Count(pipeline.StatusFailed),
		Summary: pipeline.Summary(result),
	}
	files := map[string]string{summaryFile: m.Summary}
	for name, records := range map[string][]pipeline.Record{
		manifestFile: result.Images, baseManifestFile: result.Bases, builderManifestFile: result.Builders,
	} {
		lines, err := pipeline.JSONLines(records)
		if err != nil {
			return nil, err
		}
		files[name] = lines
	}
	m.Images = files[manifestFile]
	var err error
	if m.Directory, err = directoryOf(files); err != nil {
		return nil, fmt.Errorf("writing the manifest: %w", err)
	}
	m.File = m.Directory.File(manifestFile)
	return m, nil
}

// directoryOf has these files. They go by way of the disk: contents that are passed through the API are shown in the terminal, and a
// manifest can have thousands of lines.
func directoryOf(files map[string]string) (*dagger.Directory, error) {
	const dir = "manifest"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	return dag.CurrentModule().Workdir(dir), nil
}

// Fail if any agent image failed, with the list of those.
//
// It is for the end of a workflow that used --allow-failures in order to keep its manifest.
func (m *Manifest) Check() (string, error) {
	records, err := pipeline.ReadJSONLines(manifestFile, m.Images)
	if err != nil {
		return "", err
	}
	result := &pipeline.Result{Images: records}
	if err := failure(result.Failed(), m.Total); err != nil {
		return "", err
	}
	if unpublished := result.Unpublished(); unpublished > 0 {
		return fmt.Sprintf("All %d agent images build; %d were not published.\n", m.Total, unpublished), nil
	}
	return fmt.Sprintf("All %d agent images are there.\n", m.Total), nil
}
