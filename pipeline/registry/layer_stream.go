package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"time"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/status"
)

// layerStream reads a layer from its registry, from any offset, and goes on where a connection
// broke. It shows each byte once, in order, to a digest and to an observer.
type layerStream struct {
	client *Client
	layer  oci.Layer
	// observer gets each byte once. It may be nil.
	observer io.Writer
	// crossed is told how many bytes came from the registry, those that came again included.
	crossed func(n int)

	ctx  context.Context // of the attempt under way
	body io.ReadCloser   // nil: closed
	// watch cuts the connection if a read gets no byte for long.
	watch *time.Timer
	at    int64 // the offset of the next byte
	seen  int64 // bytes that digest and observer have had
	sum   hash.Hash
	// resumed counts connections that broke since the last byte.
	resumed int
	// err is why the source cannot be read on. Whoever reads by way of an upload gets another error.
	err error
}

// resumptions is how often a stream goes on at once after a connection broke without a byte.
const resumptions = 3

func newLayerStream(client *Client, layer oci.Layer, observer io.Writer, crossed func(int)) *layerStream {
	return &layerStream{client: client, layer: layer, observer: observer, crossed: crossed, sum: sha256.New()}
}

// open makes the next byte read that at the offset. It waits and retries as the run's policy for
// the source says.
func (s *layerStream) open(ctx context.Context, offset int64) error {
	s.close()
	s.ctx, s.err, s.resumed, s.at = ctx, nil, 0, offset
	if s.isAt(offset) {
		return nil // There is nothing left to read.
	}
	return s.client.throttled(ctx, "GET blob", s.connect)
}

// connect asks for the layer from the offset of the next byte on.
func (s *layerStream) connect() error {
	ctx, cut := context.WithCancelCause(s.ctx)
	stalled := s.stalled()
	watch := time.AfterFunc(s.client.answerTime, func() { cut(stalled) })
	body, err := s.client.openLayerAt(ctx, s.layer, s.at, func() { watch.Reset(s.client.answerTime) })
	watch.Stop()
	if err != nil {
		if s.ctx.Err() == nil && ctx.Err() != nil {
			err = fmt.Errorf("%s %s: %w", http.MethodGet, s.client.blobPath(s.layer), context.Cause(ctx))
		}
		cut(nil)
		return classify.AtHost(s.client.host.RegistryStr(), err)
	}
	s.body, s.watch = body, watch
	return nil
}

// stalled is the error of a source that gives no byte for long. It may pass.
func (s *layerStream) stalled() error { return fmt.Errorf("no answer within %s", s.client.answerTime) }

// from makes another registry, or another repository, the source of what is left.
func (s *layerStream) from(client *Client, layer oci.Layer) {
	s.close()
	s.client, s.layer = client, layer
}

func (s *layerStream) close() {
	if s.body != nil {
		s.body.Close()
		s.watch.Reset(0) // That frees the context.
		s.body = nil
	}
}

// isAt reports whether the next byte to read is the one at the offset.
func (s *layerStream) isAt(offset int64) bool {
	return s.at == offset && (s.body != nil || offset == s.layer.Descriptor.Size) && s.err == nil
}

// reopen is open without the run's policy, within a request.
func (s *layerStream) reopen(offset int64) error {
	if s.isAt(offset) {
		return nil
	}
	s.close()
	s.at = offset
	s.err = s.connect()
	return s.err
}

// Read reads on. It refuses the last bytes of a layer with another digest, so that no upload of it
// is completed.
func (s *layerStream) Read(p []byte) (int, error) {
	left := s.layer.Descriptor.Size - s.at
	if left == 0 {
		return 0, io.EOF
	}
	n, err := s.readOn(p[:min(int64(len(p)), left)])
	if err == nil {
		err = s.show(p[:n])
	}
	if err != nil {
		s.err = err
		return 0, err
	}
	return n, nil
}

// readOn reads at least a byte, and resumes the connection where that breaks.
func (s *layerStream) readOn(p []byte) (int, error) {
	for {
		var broken error
		if s.body != nil {
			var n int
			s.watch.Reset(s.client.answerTime)
			n, broken = s.body.Read(p)
			s.watch.Stop()
			if n > 0 {
				s.resumed = 0
				s.crossed(n)
				return n, nil
			}
			if broken == nil {
				continue
			}
			s.close()
		}
		if s.ctx.Err() != nil {
			return 0, context.Cause(s.ctx)
		}
		if errors.Is(broken, context.Canceled) {
			broken = s.stalled() // That cut the connection.
		}
		if s.resumed++; s.resumed > resumptions {
			return 0, s.brokenAt(broken)
		}
		if err := s.connect(); err != nil {
			return 0, err
		}
	}
}

// brokenAt is the error of a source that breaks off again and again.
func (s *layerStream) brokenAt(err error) error {
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	path := s.client.blobPath(s.layer)
	err = fmt.Errorf("%s %s: after %d of %d bytes: %w", http.MethodGet, path, s.at, s.layer.Descriptor.Size, status.Presentable(err))
	return classify.AtHost(s.client.host.RegistryStr(), s.client.access.redact(err))
}

// show gives bytes to digest and observer, unless they have had them.
func (s *layerStream) show(p []byte) error {
	s.at += int64(len(p))
	fresh := p[len(p)-int(min(int64(len(p)), max(0, s.at-s.seen))):]
	s.seen = max(s.seen, s.at)
	s.sum.Write(fresh)
	if s.observer != nil {
		_, _ = s.observer.Write(fresh) // What becomes of that does not concern the layer.
	}
	if want := s.layer.Descriptor; s.seen == want.Size && hex.EncodeToString(s.sum.Sum(nil)) != want.Digest.Hex {
		return classify.AtHost(s.client.host.RegistryStr(), &wrongLayerError{host: s.client.host.RegistryStr(), digest: want.Digest.String()})
	}
	return nil
}

// wrongLayerError says that a registry gave other bytes than the manifest names.
type wrongLayerError struct{ host, digest string }

// Error names the registry and the layer.
func (e *wrongLayerError) Error() string {
	return fmt.Sprintf("%s gives another layer than the manifest names: the digest is not %s", e.host, e.digest)
}

// Cause is transient: a proxy may have spoiled it once.
func (e *wrongLayerError) Cause() classify.Result { return classify.Result{Class: classify.Transient} }
