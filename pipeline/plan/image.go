package plan

import (
	"dagger/eval-images/dataset"
	"dagger/eval-images/reference"
)

// Image is one image to make: what it is, what it is made of, and the name it gets.
type Image struct {
	// Phase says which of the three kinds of image it is.
	Phase Phase
	// Instance is what it is for; zero for the builder.
	Instance dataset.Instance
	// Identity is what the plan wants it to be, and what its labels say.
	Identity Identity
	// Reference is the name it is published under, without a digest.
	Reference string
	// Official is what a base image is built on: the official image's reference, with its digest
	// where that is known. An agent image has it too, for its label.
	Official string
	// Rebase is the base image whose recipe's layers a base image gets, so that the recipe need not
	// run. Nil: it runs.
	Rebase *RebaseSource
	// Wrap is what a base image gets on top of the recipe; nil for most.
	Wrap *Wrap
	// Builder and Base are what an agent image is assembled of: references with a digest. Both are
	// empty for the other phases, and in a run that publishes nothing: there the publisher has just
	// made them itself.
	Builder, Base string
}

// RebaseSource is a base image that the recipe was run for, and the official image that it was run on:
// references with digests. Other base images can take the recipe's layers from it.
type RebaseSource struct {
	Official, Base string
	// Instance that it was made for.
	Instance string
}

// Labelled says whether an image that was found has the labels that this one would have, as far as
// a [Found] tells. They are no proof, but no such image was there before.
func (i Image) Labelled(found Found) bool {
	want := i.made()
	if want.Check(i.Reference, found.Identity) != nil {
		return false
	}
	_, base := reference.CutDigest(i.Base)
	switch i.Phase {
	case PhaseBuilder:
		return true
	case PhaseBase:
		return want.OfficialDigest != ""
	default:
		return base != "" && found.BaseDigest == base
	}
}
