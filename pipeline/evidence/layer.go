package evidence

import "slices"

// Layer is what is known of a layer's entries. It depends on the layer only, so it can be kept by
// the layer's digest: see [Layer.Keep].
type Layer struct {
	// DiffID is the digest of the inflated layer. Empty: it could not be inflated.
	DiffID string
	// Refused says why the entries cannot be relied on. Empty: they can.
	Refused string
	// Places are the free places that the layer has entries in, by their paths.
	Places map[string]*Place
	// outside are all other entries, in the order of the layer.
	outside packed
}

// unpacked is a layer with its entries outside the free places, which take much memory.
type unpacked struct {
	*Layer
	outside []Entry
}

// unpack unpacks the entries of a layer.
func (l *Layer) unpack() unpacked {
	return unpacked{Layer: l, outside: slices.Collect(l.outside.all())}
}

// Place is what a layer has in one free place.
type Place struct {
	// Own is the entry at the place itself. Nil: the layer has none, and so there is an orphan.
	Own *Entry `json:"own,omitempty"`
	// Below says that the layer has entries below the place, whiteouts included.
	Below bool `json:"below,omitempty"`
	// Into are the other free places that links below the place lead into.
	Into []string `json:"into,omitempty"`
	// Orphan is an entry below the place that has no directory of the layer as its parent: a link of
	// another layer may lead it elsewhere. Empty: there is none.
	Orphan string `json:"orphan,omitempty"`
	// Stray is a reason why another entry below the place may have an effect elsewhere. Empty: none
	// has.
	Stray string `json:"stray,omitempty"`
	// Git says of git's configuration that it may have more than who commits.
	Git bool `json:"git,omitempty"`
}

// maxPlaces bounds the free places of a layer. Directories in the root are few.
const maxPlaces = 256

// at is the layer's free place, which it makes if it is new. Nil: there are too many.
func (l *Layer) at(place string) *Place {
	if l.Places == nil {
		l.Places = map[string]*Place{}
	}
	p := l.Places[place]
	if p == nil && len(l.Places) < maxPlaces {
		p = new(Place)
		l.Places[place] = p
	}
	return p
}

// first sets a text that is not set yet.
func first(text *string, to string) {
	if *text == "" {
		*text = to
	}
}

// confined returns nil if entries below the place have no effect elsewhere.
func (p *Place) confined() error {
	if p.Orphan != "" {
		return refuse("%s", p.Orphan)
	}
	if p.Stray != "" {
		return refuse("%s", p.Stray)
	}
	return nil
}

// leads notes that a link below the place leads into another one.
func (p *Place) leads(into string) {
	if into != "" && !slices.Contains(p.Into, into) {
		p.Into = append(p.Into, into)
	}
}
