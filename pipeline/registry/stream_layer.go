package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/status"
)

// StreamLayer gives the stored bytes of a layer to read, and keeps none. After a failure that may
// pass, it calls read again with the layer from its start. It does not check the digest: read sees
// all bytes.
func (c *Client) StreamLayer(ctx context.Context, layer oci.Layer, read func(io.Reader) error) error {
	path := c.place(layer.Repository, "blobs/"+layer.Descriptor.Digest.String()).EscapedPath()
	return c.throttled(ctx, "GET blob", func() error {
		return c.moving(ctx, http.MethodGet, path, func(ctx context.Context, moved movement) error {
			source, err := c.openLayer(ctx, layer)
			if err != nil {
				return err
			}
			defer source.Close()
			if err := read(io.LimitReader(told(source, moved), layer.Descriptor.Size+1)); err != nil {
				return fmt.Errorf("%s %s: %w", http.MethodGet, path, c.access.redact(status.Presentable(err)))
			}
			return nil
		})
	})
}
