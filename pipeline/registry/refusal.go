package registry

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"dagger/eval-images/pipeline"
)

// refusals are the words with which registries say why they refuse something, and what to do then. The first match counts.
var refusals = []struct {
	words  *regexp.Regexp
	advice string
}{
	// Harbor: "Upload/Delete is prohibited in read only mode."
	{regexp.MustCompile(`(?i)read.only`), pipeline.AdviceReadOnly},
	// Harbor: "adding 1.0 GiB of storage resource, which when updated to … will exceed the configured upper limit of 10.0 GiB."
	// Quay: "Quota has been exceeded on namespace".
	{regexp.MustCompile(`(?i)upper limit|quota`), pipeline.AdviceQuota},
	// DigitalOcean: "registry contains 1 repositories, limit is 1".
	{regexp.MustCompile(`(?i)limit is \d`), pipeline.AdvicePlan},
	// Harbor: "project me not found".
	{regexp.MustCompile(`(?i)project \S+ not found|NAME_UNKNOWN|repository \S.* does not exist`), pipeline.AdviceRepository},
	// Google: "NAME_INVALID Missing image name. Pushes should be of the form docker push HOST-NAME/PROJECT-ID/REPOSITORY/IMAGE".
	{regexp.MustCompile(`NAME_INVALID`), pipeline.AdviceName},
	// ghcr.io: "permission_denied: The token provided does not match expected scopes."
	{regexp.MustCompile(`(?i)expected scopes|insufficient.scope`), pipeline.AdviceNoRight},
	// ECR: "Your authorization token has expired. Reauthenticate and try again."
	{expired, pipeline.AdviceCredentials},
}

// advice is what to do about an answer that refuses whoever asks, or all that is in a repository; empty if it is another one.
func (e *StatusError) advice() string {
	if !e.stays() || e.Status == http.StatusNotFound && !e.begins() && !e.final {
		return "" // What is not there may have been put there just now.
	}
	for _, known := range refusals {
		if known.words.MatchString(e.Reason) {
			return known.advice
		}
	}
	switch {
	case e.Status == http.StatusUnauthorized && (e.ofTokens || !e.wantsToken):
		return pipeline.AdviceCredentials
	case e.Status == http.StatusForbidden && e.ofTokens:
		return pipeline.AdviceCredentials // As ghcr.io answers to a wrong password.
	case e.Status == http.StatusForbidden && e.reads():
		return pipeline.AdviceUnsaid
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return pipeline.AdviceNoRight
	case e.Status == http.StatusNotFound:
		return pipeline.AdviceRepository
	case e.Status == http.StatusMethodNotAllowed && e.begins():
		return pipeline.AdviceReadOnly // The distribution project's, in that mode or as a cache of another registry.
	}
	return ""
}

// refuses says whether the answer is about a repository, or who asks for it, and stays as it is.
func (e *StatusError) refuses() bool {
	return e.stays() && (e.ofTokens || inRepository.MatchString(e.Path))
}

// stays says whether another request would get the same answer.
func (e *StatusError) stays() bool {
	return !e.Limited && e.Status >= 400 && e.Status < 500 && e.Status != http.StatusRequestTimeout
}

// begins says whether an upload was to begin, with which every push does.
func (e *StatusError) begins() bool {
	return e.Method == http.MethodPost && strings.HasSuffix(e.Path, "/blobs/uploads/")
}

// reads says whether an image was asked for.
func (e *StatusError) reads() bool {
	return (e.Method == http.MethodGet || e.Method == http.MethodHead) && strings.Contains(e.Path, "/manifests/")
}

// unknownName says whether the registry has no such repository. Most do not have it before the first push either.
func (e *StatusError) unknownName() bool {
	return e.Status == http.StatusNotFound && strings.Contains(e.Reason, "NAME_UNKNOWN")
}

// mayDependOnWho says whether others may get another answer: some registries hide from strangers what there is.
func (e *StatusError) mayDependOnWho() bool {
	return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden || e.Status == http.StatusNotFound
}

// WantsCredentials says whether an error is the answer of a registry that has to know who asks, or of one that lets others do more.
func WantsCredentials(err error) bool {
	var answer *StatusError
	return errors.As(err, &answer) && !answer.Limited && (answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden)
}
