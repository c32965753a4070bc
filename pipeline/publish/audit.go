package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/semaphore"

	"dagger/eval-images/pipeline/evidence"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/redact"
)

// Auditor compares base images file by file with what they would be with another one's layers. It
// is a [run.Auditor].
type Auditor struct {
	sharing *Sharing
	// one comparison at a time: it has all paths of the recipe's layers in memory, twice.
	one *semaphore.Weighted
}

// NewAuditor audits what base images share.
func NewAuditor(sharing *Sharing) *Auditor {
	return &Auditor{sharing: sharing, one: semaphore.NewWeighted(1)}
}

// Refused returns why a base image cannot get the layers of image.Rebase.
func (a *Auditor) Refused(ctx context.Context, image plan.Image) (string, error) {
	_, err := a.sharing.compose(ctx, image)
	if refused := rebaseRefused(image, err); refused != "" {
		return refused, nil
	}
	return "", err
}

// Difference compares a base image with what the layers of image.Rebase would have made.
func (a *Auditor) Difference(ctx context.Context, image plan.Image, made string) (string, error) {
	shared, err := a.sharing.compose(ctx, image)
	if err != nil {
		return "", err
	}
	built, err := a.sharing.Client.Image(ctx, made)
	if err != nil {
		return "", err
	}
	config := new(v1.ConfigFile)
	if err := json.Unmarshal(shared.Config, config); err != nil {
		return "", fmt.Errorf("reading the config: %w", err)
	}
	if field := differentField(config.Config, built.Config.Config); field != "" {
		return "the config has another " + field, nil
	}
	same := commonLayers(config, built.Config)
	return a.files(ctx, shared.Layers[same:], built.Layers()[same:])
}

// commonLayers is how many of the lower layers two images have in common.
func commonLayers(a, b *v1.ConfigFile) (same int) {
	for same < min(len(a.RootFS.DiffIDs), len(b.RootFS.DiffIDs)) && a.RootFS.DiffIDs[same] == b.RootFS.DiffIDs[same] {
		same++
	}
	return same
}

// differentField is the first field in which two configs differ. Empty: there is none.
func differentField(a, b v1.Config) string {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			return x.Type().Field(i).Name
		}
	}
	return ""
}

// differencesShown is how many files that differ are named.
const differencesShown = 3

// files compares what two stacks of layers make of the layers below them.
func (a *Auditor) files(ctx context.Context, shared, built []oci.Layer) (string, error) {
	if err := a.one.Acquire(ctx, 1); err != nil {
		return "", err
	}
	defer a.one.Release(1)
	given, err := a.added(ctx, shared)
	if err != nil {
		return "", err
	}
	made, err := a.added(ctx, built)
	if err != nil {
		return "", err
	}
	first, all := evidence.Differences(given, made, differencesShown)
	for i := range first {
		first[i] = redact.Line(first[i])
	}
	if more := all - len(first); more > 0 {
		first = append(first, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(first, "; "), nil
}

// added reads what layers change.
func (a *Auditor) added(ctx context.Context, layers []oci.Layer) (*evidence.Added, error) {
	added := new(evidence.Added)
	for _, layer := range layers {
		contents, err := a.contents(ctx, layer)
		if err == nil {
			err = added.Put(contents)
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", layer.Descriptor.Digest, err)
		}
	}
	return added, nil
}

func (a *Auditor) contents(ctx context.Context, layer oci.Layer) (contents *evidence.Contents, err error) {
	err = a.sharing.Client.StreamLayer(ctx, layer, func(stored io.Reader) error {
		var digest string
		contents, digest, err = evidence.ReadContents(stored)
		if err == nil && digest != layer.Descriptor.Digest.String() {
			err = errors.New("the registry gives another layer than the manifest names")
		}
		return err
	})
	return contents, err
}
