package plan

import (
	"fmt"
	"strings"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/redact"
)

// TakenError reports that the registry has another image under a name of the plan.
type TakenError struct {
	// Reference that is taken.
	Reference string
	// Differences are the parts of the identities that differ.
	Differences []Difference
}

// Difference is a part of an [Identity] that differs between the registry's image and the plan.
type Difference struct {
	// Part of the identity, in words.
	Part string
	// Registry and Plan are the two values. Anybody can have written the registry's.
	Registry, Plan string
}

// Error names what differs, with both values.
func (e *TakenError) Error() string {
	var differ []string
	for _, d := range e.Differences {
		differ = append(differ, fmt.Sprintf("%s: registry has %s, plan has %s",
			d.Part, redact.Name(d.Registry), redact.Name(d.Plan)))
	}
	return fmt.Sprintf("%s is taken by another image: %s", e.Reference, strings.Join(differ, "; "))
}

// Cause is permanent: the tag stays what it is until somebody replaces it.
func (e *TakenError) Cause() classify.Result {
	return classify.Result{Class: classify.Permanent, Advice: AdviceTaken}
}

// AdviceTaken is for a name that another image has.
const AdviceTaken = "Something else was published under this name. --force-build together with " +
	"--instance-ids replaces it; " +
	"with other repositories (--builder-repo, --base-repo, --agent-repo) both can stay."

// UnlabelledError reports that an image lacks labels of its identity. Those that it has agree with
// the plan.
type UnlabelledError struct {
	// Reference of the image.
	Reference string
	// Missing are the parts of its identity without a label, in words.
	Missing []string
}

// Error names what is missing.
func (e *UnlabelledError) Error() string {
	return fmt.Sprintf("%s may be another image: it has no label for %s", e.Reference, strings.Join(e.Missing, ", "))
}

// Cause is permanent: the labels of an image do not change.
func (e *UnlabelledError) Cause() classify.Result {
	return classify.Result{Class: classify.Permanent, Advice: AdviceUnlabelled}
}

// AdviceUnlabelled is for an image that lacks labels of its identity.
const AdviceUnlabelled = "The image's labels do not say what it was made of. If you trust " +
	"whoever published it, pass --trust-unlabelled; " +
	"--force-build together with --instance-ids replaces it."
