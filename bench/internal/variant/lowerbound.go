package variant

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sourcegraph/conc/pool"

	"eval-images/bench/internal/fixture"
)

// lowerBound makes agent images with the fewest requests that any client needs. It does not check,
// retry or record.
type lowerBound struct {
	maker  *fixture.Maker
	client *http.Client
	layer  v1.Descriptor // the agent layer, beside the builder
	diffID v1.Hash

	mounts sync.Map // digest -> *sync.Once, of the run's repository
}

// Prepare finds the agent layer that the module published, and closes all connections.
func (l *lowerBound) Prepare(ctx context.Context, _ fixture.Batch) error {
	l.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	l.mounts.Clear()
	repository, _, _ := strings.Cut(l.maker.Template.Builder, ":")
	tags, err := l.maker.Tags(ctx, repository)
	if err != nil {
		return err
	}
	for _, tag := range tags {
		if strings.Contains(tag, "-layer-") {
			return l.readLayer(ctx, repository+":"+tag)
		}
	}
	return fmt.Errorf("the module published no agent layer in %s", repository)
}

func (l *lowerBound) readLayer(ctx context.Context, path string) error {
	img, err := l.maker.Image(ctx, path)
	if err != nil {
		return err
	}
	manifest, err := img.Manifest()
	if err != nil {
		return err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	l.layer, l.diffID = manifest.Layers[0], config.RootFS.DiffIDs[0]
	return nil
}

// Run makes all images.
func (l *lowerBound) Run(ctx context.Context, job fixture.Batch) (Timing, error) {
	return timed(func() error {
		making := pool.New().WithErrors().WithMaxGoroutines(workers)
		for _, image := range job.Images {
			making.Go(func() error { return l.make(ctx, job, image) })
		}
		return making.Wait()
	})
}

// Clear has nothing to remove.
func (l *lowerBound) Clear(context.Context) error { return nil }

func (l *lowerBound) make(ctx context.Context, job fixture.Batch, image fixture.Image) error {
	_, tag, _ := strings.Cut(image.Base, ":")
	var manifest v1.Manifest
	var config v1.ConfigFile
	if err := l.get(ctx, job.Base+"/manifests/"+tag, &manifest); err != nil {
		return err
	}
	if err := l.get(ctx, job.Base+"/blobs/"+manifest.Config.Digest.String(), &config); err != nil {
		return err
	}
	builder, _, _ := strings.Cut(l.maker.Template.Builder, ":")
	for _, layer := range manifest.Layers {
		if err := l.mount(ctx, job.To, job.Base, layer.Digest); err != nil {
			return err
		}
	}
	if err := l.mount(ctx, job.To, builder, l.layer.Digest); err != nil {
		return err
	}
	manifest.Layers = append(manifest.Layers, l.layer)
	config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, l.diffID)
	config.Config.Env = append(config.Config.Env, "OPENHANDS_BUILD_GIT_SHA="+l.maker.SDKSHA())
	config.Config.Entrypoint = []string{"/agent-server/.venv/bin/python", "-m", "openhands.agent_server"}
	raw, err := json.Marshal(config)
	if err != nil {
		return err
	}
	if manifest.Config.Digest, manifest.Config.Size, err = v1.SHA256(bytes.NewReader(raw)); err != nil {
		return err
	}
	if err := l.upload(ctx, job.To, manifest.Config.Digest, raw); err != nil {
		return err
	}
	if raw, err = json.Marshal(manifest); err != nil {
		return err
	}
	_, err = l.send(ctx, http.MethodPut, l.url(job.To+"/manifests/"+image.ID), string(manifest.MediaType), raw, nil)
	return err
}

// mount mounts a layer in the run's repository, once.
func (l *lowerBound) mount(ctx context.Context, to, from string, digest v1.Hash) (err error) {
	once, _ := l.mounts.LoadOrStore(digest, new(sync.Once))
	once.(*sync.Once).Do(func() {
		query := url.Values{"mount": {digest.String()}, "from": {from}}
		_, err = l.send(ctx, http.MethodPost, l.url(to+"/blobs/uploads/?"+query.Encode()), "", nil, nil)
	})
	return err
}

func (l *lowerBound) upload(ctx context.Context, to string, digest v1.Hash, blob []byte) error {
	place, err := l.send(ctx, http.MethodPost, l.url(to+"/blobs/uploads/"), "", nil, nil)
	if err != nil {
		return err
	}
	query := "?"
	if strings.Contains(place, "?") {
		query = "&"
	}
	_, err = l.send(ctx, http.MethodPut, place+query+"digest="+digest.String(), "application/octet-stream", blob, nil)
	return err
}

func (l *lowerBound) get(ctx context.Context, path string, into any) error {
	_, err := l.send(ctx, http.MethodGet, l.url(path), "", nil, into)
	return err
}

func (l *lowerBound) url(path string) string {
	return "http://" + l.maker.Address() + "/v2/" + path
}

// send makes one request. It decodes the answer into a value, or returns its Location if that is
// nil.
func (l *lowerBound) send(ctx context.Context, method, to, media string, body []byte, into any) (string, error) {
	request, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", media)
	request.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json")
	answer, err := l.client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	if answer.StatusCode/100 != 2 {
		return "", fmt.Errorf("%s %s: %s: %s", method, to, answer.Status, content)
	}
	if into == nil {
		return answer.Header.Get("Location"), nil
	}
	return "", json.Unmarshal(content, into)
}
