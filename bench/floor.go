package main

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
)

// floor is the least that any client can do in a registry to make agent images. It checks nothing, tries nothing twice and records
// nothing.
type floor struct {
	lab    *lab
	client *http.Client
	layer  v1.Descriptor // the agent layer, beside the builder
	diffID v1.Hash

	mounts sync.Map // digest -> *sync.Once, of the run's repository
}

// prepare finds the agent layer that the module published, and begins with no connection.
func (f *floor) prepare(ctx context.Context, _ batch) error {
	f.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	f.mounts.Clear()
	repository, _, _ := strings.Cut(f.lab.first.builder, ":")
	tags, err := f.lab.tags(ctx, repository)
	if err != nil {
		return err
	}
	for _, tag := range tags {
		if strings.Contains(tag, "-layer-") {
			return f.readLayer(ctx, repository+":"+tag)
		}
	}
	return fmt.Errorf("the module published no agent layer in %s", repository)
}

func (f *floor) readLayer(ctx context.Context, path string) error {
	img, err := f.lab.image(ctx, path)
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
	f.layer, f.diffID = manifest.Layers[0], config.RootFS.DiffIDs[0]
	return nil
}

func (f *floor) run(ctx context.Context, job batch) (timing, error) {
	return timed(func() error {
		making := pool.New().WithErrors().WithMaxGoroutines(workers)
		for _, image := range job.images {
			making.Go(func() error { return f.make(ctx, job, image) })
		}
		return making.Wait()
	})
}

func (f *floor) clear(context.Context) error { return nil }

func (f *floor) make(ctx context.Context, job batch, image image) error {
	_, tag, _ := strings.Cut(image.base, ":")
	var manifest v1.Manifest
	var config v1.ConfigFile
	if err := f.get(ctx, job.base+"/manifests/"+tag, &manifest); err != nil {
		return err
	}
	if err := f.get(ctx, job.base+"/blobs/"+manifest.Config.Digest.String(), &config); err != nil {
		return err
	}
	builder, _, _ := strings.Cut(f.lab.first.builder, ":")
	for _, layer := range manifest.Layers {
		if err := f.mount(ctx, job.to, job.base, layer.Digest); err != nil {
			return err
		}
	}
	if err := f.mount(ctx, job.to, builder, f.layer.Digest); err != nil {
		return err
	}
	manifest.Layers = append(manifest.Layers, f.layer)
	config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, f.diffID)
	config.Config.Env = append(config.Config.Env, "OPENHANDS_BUILD_GIT_SHA="+f.lab.sdkSHA())
	config.Config.Entrypoint = []string{"/agent-server/.venv/bin/python", "-m", "openhands.agent_server"}
	raw, err := json.Marshal(config)
	if err != nil {
		return err
	}
	if manifest.Config.Digest, manifest.Config.Size, err = v1.SHA256(bytes.NewReader(raw)); err != nil {
		return err
	}
	if err := f.upload(ctx, job.to, manifest.Config.Digest, raw); err != nil {
		return err
	}
	if raw, err = json.Marshal(manifest); err != nil {
		return err
	}
	_, err = f.send(ctx, http.MethodPut, f.url(job.to+"/manifests/"+image.id), string(manifest.MediaType), raw, nil)
	return err
}

// mount mounts a layer in a repository, once.
func (f *floor) mount(ctx context.Context, to, from string, digest v1.Hash) (err error) {
	once, _ := f.mounts.LoadOrStore(digest, new(sync.Once))
	once.(*sync.Once).Do(func() {
		query := url.Values{"mount": {digest.String()}, "from": {from}}
		_, err = f.send(ctx, http.MethodPost, f.url(to+"/blobs/uploads/?"+query.Encode()), "", nil, nil)
	})
	return err
}

func (f *floor) upload(ctx context.Context, to string, digest v1.Hash, blob []byte) error {
	place, err := f.send(ctx, http.MethodPost, f.url(to+"/blobs/uploads/"), "", nil, nil)
	if err != nil {
		return err
	}
	query := "?"
	if strings.Contains(place, "?") {
		query = "&"
	}
	_, err = f.send(ctx, http.MethodPut, place+query+"digest="+digest.String(), "application/octet-stream", blob, nil)
	return err
}

func (f *floor) get(ctx context.Context, path string, into any) error {
	_, err := f.send(ctx, http.MethodGet, f.url(path), "", nil, into)
	return err
}

func (f *floor) url(path string) string {
	return "http://" + f.lab.registry.RegistryStr() + "/v2/" + path
}

// send makes one request, and returns where the registry says that it goes on.
func (f *floor) send(ctx context.Context, method, to, media string, body []byte, into any) (string, error) {
	request, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", media)
	request.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json")
	answer, err := f.client.Do(request)
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
