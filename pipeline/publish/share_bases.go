package publish

import (
	"errors"
	"fmt"

	"dagger/eval-images/pipeline/evidence"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/redact"
)

// Values of --share-bases.
const (
	// ShareNever has the recipe run for every official image.
	ShareNever = "never"
	// ShareEvidence has it run once for those whose layers show that it makes the same of them.
	ShareEvidence = "evidence"
	// ShareAudit has it run twice for those, and compares the results: if they differ, it runs for
	// each.
	ShareAudit = "audit"
	// ShareTrusted has it run once for those that are alike, by what their own configs say of them.
	// Anybody can write such a config over other layers, so the user vouches for the images.
	ShareTrusted = "trusted"
)

// CheckShareBases checks a value of --share-bases.
func CheckShareBases(value string) error {
	switch value {
	case ShareNever, ShareEvidence, ShareAudit, ShareTrusted:
		return nil
	case "auto":
		return errors.New("--share-bases auto is no longer possible: use evidence, or trusted if you vouch for the official images")
	}
	return fmt.Errorf("--share-bases is %s: it must be %s, %s, %s or %s", redact.Quote(value), ShareNever, ShareEvidence, ShareAudit, ShareTrusted)
}

// NewSharing makes what a checked value of --share-bases asks for, for the recipe in a Dockerfile's
// text. Nil: nothing is shared.
func NewSharing(value string, client *registry.Client, dockerfile string) *Sharing {
	switch value {
	case ShareEvidence, ShareAudit:
		return &Sharing{Client: client, Evidence: &Evidence{Client: client, Recipe: evidence.RecipeOf(dockerfile)}}
	case ShareTrusted:
		return &Sharing{Client: client, Independent: NewIndependentSteps(dockerfile)}
	}
	return nil
}
