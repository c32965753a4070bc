package evidence

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"dagger/eval-images/redact"
)

// Reading is the version of what [Inspect] makes of a layer. Kept evidence of another version
// counts for nothing, and the layer is read again. Raise it with every change of what a layer's
// entries become, or of how that is written.
const Reading = 2

// Bounds of kept evidence. A system's layer of 60,000 entries takes 4 MB of JSON.
const (
	maxPacked   = 3 << 20  // bytes
	maxKept     = 16 << 20 // bytes, inflated
	maxObjects  = 300_000
	maxElements = 1_000_000 // of all lists and objects
)

// keptLayer is the form of kept evidence.
type keptLayer struct {
	DiffID  string            `json:"diff_id"`
	Refused string            `json:"refused,omitempty"`
	Places  map[string]*Place `json:"places,omitempty"`
	Outside []Entry           `json:"outside,omitempty"`
}

// kept is a layer in that form.
func (l *Layer) kept() keptLayer {
	return keptLayer{l.DiffID, l.Refused, l.Places, l.unpack().outside}
}

// layer is the same as [Layer].
func (k *keptLayer) layer() *Layer {
	var packer packer
	for _, entry := range k.Outside {
		packer.add(entry)
	}
	return &Layer{k.DiffID, k.Refused, k.Places, packer.packed()}
}

// Keep encodes what is known of a layer, by gzip. The same layer gives the same bytes. It is not ok
// if the layer was not inflated, so that nothing is known of it, if JSON cannot hold its paths, or
// if it has too many.
func (l *Layer) Keep() (kept []byte, ok bool) {
	layer := l.kept()
	if layer.DiffID == "" || !layer.isText() {
		return nil, false
	}
	body, err := json.Marshal(layer)
	if err != nil || tooLarge(body) != nil {
		return nil, false
	}
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err = writer.Write(body)
	if err := errors.Join(err, writer.Close()); err != nil || packed.Len() > maxPacked {
		return nil, false
	}
	return packed.Bytes(), true
}

// isText reports whether all paths are UTF-8. JSON would replace what is not, and make two paths
// one.
func (k *keptLayer) isText() bool {
	for name, place := range k.Places {
		for _, text := range append([]string{name, place.Orphan, place.Stray}, place.Into...) {
			if !utf8.ValidString(text) {
				return false
			}
		}
	}
	for _, entry := range k.Outside {
		if !utf8.ValidString(entry.Path) || !utf8.ValidString(entry.Into) {
			return false
		}
	}
	return true
}

// ReadKept reads what [Layer.Keep] wrote. Anybody who may push to the repository could have written
// it, so whatever [Layer.Keep] does not write is an error. That the entries are those of the layer,
// it cannot tell.
func ReadKept(kept []byte) (*Layer, error) {
	body, err := inflateKept(kept)
	if err != nil {
		return nil, fmt.Errorf("reading kept evidence: %s", redact.Line(err.Error()))
	}
	layer := new(keptLayer)
	if err := json.Unmarshal(body, layer); err != nil {
		return nil, fmt.Errorf("reading kept evidence: %s", redact.Line(err.Error()))
	}
	if err := layer.check(); err != nil {
		return nil, fmt.Errorf("reading kept evidence: %w", err)
	}
	if again, err := json.Marshal(layer); err != nil || !bytes.Equal(again, body) {
		return nil, errors.New("reading kept evidence: it is not as this program writes it")
	}
	return layer.layer(), nil
}

// inflateKept inflates kept evidence, within bounds.
func inflateKept(kept []byte) ([]byte, error) {
	if len(kept) > maxPacked {
		return nil, errors.New("it is too large")
	}
	reader, err := gzip.NewReader(bytes.NewReader(kept))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(reader, maxKept+1))
	if err != nil {
		return nil, err
	}
	return body, tooLarge(body)
}

// tooLarge returns an error if decoded JSON would take too much memory: an empty object takes
// thirty times its size.
func tooLarge(body []byte) error {
	if len(body) > maxKept || bytes.Count(body, []byte{'{'}) > maxObjects || bytes.Count(body, []byte{','}) > maxElements {
		return errors.New("it is too large")
	}
	return nil
}

// diffID is how a layer's is written.
var diffID = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// check returns an error if a layer is none that [Inspect] makes.
func (k *keptLayer) check() error {
	if !diffID.MatchString(k.DiffID) || k.Refused != redact.Line(k.Refused) {
		return errors.New("its diff ID or its refusal is malformed")
	}
	if len(k.Places) > maxPlaces {
		return errors.New("it has too many places")
	}
	for name, place := range sorted(k.Places) {
		if !place.checks(name) {
			return fmt.Errorf("the place %s is malformed", redact.Quote(name))
		}
	}
	for _, entry := range k.Outside {
		if !entry.checks() || place(entry.Path) != "" {
			return fmt.Errorf("the entry %s is malformed", redact.Quote(entry.Path))
		}
	}
	return nil
}

// checks reports whether a layer may have this in a free place.
func (p *Place) checks(name string) bool {
	if !isPlace(name) || p == nil || p.Own == nil && p.Orphan == "" {
		return false
	}
	for _, into := range p.Into {
		if into != anywhere && !isPlace(into) {
			return false
		}
	}
	return p.Own == nil || p.Own.checks() && p.Own.Path == name && p.Own.Kind != Opaque && p.Own.Into == ""
}

// checks reports whether a layer may have this entry.
func (e Entry) checks() bool {
	clean, ok := canonical(e.Path)
	if !ok || clean != e.Path || (e.Kind == Directory) != (e.Attributes != "") || strings.ContainsRune(e.Attributes, 0) {
		return false
	}
	switch e.Kind {
	case Symlink:
		return e.Into == "" || e.Into == anywhere || isPlace(e.Into)
	case Directory, File, Device, Whiteout, Opaque:
		return e.Into == ""
	}
	return false
}

// isPlace reports whether a text is the path of a free place.
func isPlace(text string) bool {
	clean, ok := canonical(text)
	return ok && clean == text && place(text) == text
}
