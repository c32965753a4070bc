package publish

import (
	"context"
	"io"

	"github.com/sourcegraph/conc"

	"dagger/eval-images/pipeline/evidence"
	"dagger/eval-images/pipeline/registry/oci"
)

// knows reports whether a layer was read already.
func (e *Evidence) knows(layer oci.Layer) bool {
	_, ok := e.layers.Known(layer.Descriptor.Digest.String())
	return ok
}

// watch reads a layer while it moves. Move passes the layer's bytes to the observer, and reports
// whether those were all. If not, the layer is read when somebody needs it.
func (e *Evidence) watch(ctx context.Context, layer oci.Layer, move func(observer io.Writer) (whole bool, err error)) error {
	reading, passing := io.Pipe()
	var read *evidence.Layer
	var watching conc.WaitGroup
	watching.Go(func() {
		defer reading.Close() // Whatever happens: nobody waits for the reader.
		read, _, _ = evidence.Inspect(reading)
	})
	whole, err := move(passing)
	_ = passing.CloseWithError(err) // It never fails.
	watching.Wait()
	if err != nil || !whole || read == nil {
		return err
	}
	_, _, err = e.layers.Do(ctx, layer.Descriptor.Digest.String(), func() (*evidence.Layer, error) { return read, nil })
	return err
}
