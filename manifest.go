package main

import (
	"context"
	"fmt"

	"dagger/eval-images/internal/dagger"
	"dagger/eval-images/pipeline/manifest"
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
	// The files of the run: manifest.jsonl, which has a line for each agent image, base-manifest.jsonl and builder-manifest.jsonl, which tell the same of the base images and of the builder, published.txt, which has each image that was published as repository@digest, and summary.md
	Directory *dagger.Directory
	// The file manifest.jsonl: one JSON object a line, for each agent image
	File *dagger.File
}

// newManifest makes the files at once: a function of the manifest that made them later would be one more container to start.
func newManifest(result *manifest.Result) (*Manifest, error) {
	m := &Manifest{
		Total:   len(result.Images),
		Built:   result.Count(manifest.StatusBuilt),
		Skipped: result.Count(manifest.StatusSkipped),
		Failed:  result.Count(manifest.StatusFailed),
		Summary: manifest.Summary(result),
	}
	var err error
	if m.Directory, err = manifestDirectory(result, m.Summary); err != nil {
		return nil, fmt.Errorf("writing the manifest: %w", err)
	}
	m.File = m.Directory.File(manifestFile)
	return m, nil
}

// Fail if any agent image failed, with the list of those.
//
// It is for the end of a workflow that used --allow-failures in order to keep its manifest.
func (m *Manifest) Check(ctx context.Context) (string, error) {
	records, err := readRecords(ctx, manifestFile, m.File)
	if err != nil {
		return "", userError(err)
	}
	result := &manifest.Result{Images: records}
	if err := failure(result.Failed(), m.Total); err != nil {
		return "", userErrors(err)
	}
	if unpublished := result.Unpublished(); unpublished > 0 {
		return fmt.Sprintf("All %d agent images build; %d were not published.\n", m.Total, unpublished), nil
	}
	return fmt.Sprintf("All %d agent images are there.\n", m.Total), nil
}
