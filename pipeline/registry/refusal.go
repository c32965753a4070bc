package registry

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"dagger/eval-images/pipeline/classify"
)

// refusals are registries' words for why they refuse, with the advice that fits. The first match
// counts.
var refusals = []struct {
	words  *regexp.Regexp
	advice string
}{
	// Harbor: "Upload/Delete is prohibited in read only mode."
	{regexp.MustCompile(`(?i)read.only`), classify.AdviceReadOnly},
	// Harbor: "adding 1.0 GiB of storage resource, which when updated to … will exceed the
	// configured upper limit of 10.0 GiB." Quay: "Quota has been exceeded on namespace".
	{regexp.MustCompile(`(?i)upper limit|quota`), classify.AdviceQuota},
	// DigitalOcean: "registry contains 1 repositories, limit is 1".
	{regexp.MustCompile(`(?i)limit is \d`), classify.AdvicePlan},
	// Harbor: "project me not found".
	{regexp.MustCompile(`(?i)project \S+ not found|NAME_UNKNOWN|repository \S.* does not exist`), classify.AdviceRepository},
	// Google: "NAME_INVALID Missing image name. Pushes should be of the form docker push
	// HOST-NAME/PROJECT-ID/REPOSITORY/IMAGE".
	{regexp.MustCompile(`NAME_INVALID`), classify.AdviceName},
	// ghcr.io: "permission_denied: The token provided does not match expected scopes."
	{regexp.MustCompile(`(?i)expected scopes|insufficient.scope`), classify.AdviceNoRight},
	// ECR: "Your authorization token has expired. Reauthenticate and try again."
	{expired, classify.AdviceCredentials},
}

// advice says what to do about a refusal of a user or a repository; it is empty for any other
// answer.
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
		return classify.AdviceCredentials
	case e.Status == http.StatusForbidden && e.ofTokens:
		return classify.AdviceCredentials // As ghcr.io answers to a wrong password.
	case e.Status == http.StatusForbidden && e.reads():
		return classify.AdviceHidden
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return classify.AdviceNoRight
	case e.Status == http.StatusNotFound:
		return classify.AdviceRepository
	case e.Status == http.StatusMethodNotAllowed && e.begins():
		return classify.AdviceReadOnly // The distribution project's, in that mode or as a cache of another registry.
	}
	return ""
}

// refuses reports whether the answer is final, and about a repository or the credentials.
func (e *StatusError) refuses() bool {
	return e.stays() && (e.ofTokens || inRepository.MatchString(e.Path))
}

// stays reports whether another request would get the same answer.
func (e *StatusError) stays() bool {
	return !e.Limited && e.Status >= 400 && e.Status < 500 && e.Status != http.StatusRequestTimeout
}

// begins reports whether the request was to begin an upload, the first one of every push.
func (e *StatusError) begins() bool {
	return e.Method == http.MethodPost && strings.HasSuffix(e.Path, "/blobs/uploads/")
}

// reads reports whether the request asked for an image.
func (e *StatusError) reads() bool {
	return (e.Method == http.MethodGet || e.Method == http.MethodHead) && strings.Contains(e.Path, "/manifests/")
}

// forbidsManifest reports whether the registry took an image's blobs, and then not its manifest.
func (e *StatusError) forbidsManifest() bool {
	return e.Method == http.MethodPut && e.Status == http.StatusForbidden && !e.ofTokens && strings.Contains(e.Path, "/manifests/")
}

// unknownName reports whether the registry lacks the repository. Most registries do until the first
// push.
func (e *StatusError) unknownName() bool {
	return e.Status == http.StatusNotFound && strings.Contains(e.Reason, "NAME_UNKNOWN")
}

// mayDependOnWho reports whether other credentials may get another answer: some registries hide
// what they have.
func (e *StatusError) mayDependOnWho() bool {
	return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden || e.Status == http.StatusNotFound
}

// WantsCredentials reports whether an error is a registry's 401 or 403, and no rate limit.
func WantsCredentials(err error) bool {
	var answer *StatusError
	return errors.As(err, &answer) && !answer.Limited && (answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden)
}
