package classify

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRealAnswers: the engine's texts for registries' answers, as reported or provoked, and the
// advice for each. The direct publisher sees the answers themselves: see package registry.
func TestRealAnswers(t *testing.T) {
	const (
		resolving = "failed to resolve source metadata for docker.io/swebench/sweb.eval.x86_64.x:latest: "
		posting   = "unexpected status from POST request to https://registry.example/v2/me/agent/blobs/uploads/: "
		putting   = "unexpected status from PUT request to https://registry.example/v2/me/agent/manifests/x: "
		dialling  = `failed to do request: Head "https://registry.example/v2/me/agent/manifests/x": `
	)
	type answer struct {
		text   string
		kind   Class
		advice string
	}
	pulls := map[string]answer{
		// https://github.com/SWE-bench/SWE-bench/issues/316, https://github.com/All-Hands-AI/OpenHands/issues/7168
		"Docker Hub has no such image, or it is private": {
			resolving + "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
			Permanent, adviceImage,
		},
		"ghcr.io has no such image, or it is private": {
			"failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3Ame%2Fx%3Apull&service=ghcr.io: 403 Forbidden",
			Permanent, adviceImage,
		},
		"Quay has no such image, or it is private": {
			"failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://quay.io/v2/auth?scope=repository%3Ame%2Fx%3Apull&service=quay.io: 401 Unauthorized",
			Permanent, adviceImage,
		},
		"the token server of ghcr.io fails": {
			"failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3Ame%2Fx%3Apull: 503 Service Unavailable",
			Unavailable, "",
		},
		"the tag is missing":                  {resolving + "docker.io/swebench/sweb.eval.x86_64.x:latest: not found", Permanent, ""},
		"the manifest is missing":             {"manifest unknown: manifest unknown", Permanent, adviceImage},
		"the image is an arm64 one":           {ErrPlatform.Error() + ": docker.io/swebench/x:latest is for linux/arm64", Permanent, AdvicePlatform},
		"the index lacks the platform":        {resolving + "no match for platform in manifest: not found", Permanent, AdvicePlatform},
		"Docker Hub's quota of pulls is used": {resolving + "toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit", Spent, AdvicePulls},
		"one official image wants a login":    {resolving + "unexpected status from HEAD request to https://registry.example/v2/x: 401 Unauthorized", Permanent, AdviceCredentials},
		"ECR was not logged in to": {
			"pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials",
			Permanent, adviceImage,
		},
		"ghcr.io rejects the password": {
			"failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3Ame%2Fx%3Apull: 403 Forbidden",
			Permanent, AdviceCredentials,
		},
		"the registry does not take the token":        {resolving + "server message: invalid_token: authorization failed", Permanent, AdviceCredentials},
		"the registry hangs":                          {"GET /v2/me/agent/manifests/x: no answer within 1m0s", Unavailable, AdviceNoAnswer},
		"an answer ends too early":                    {dialling + "unexpected EOF", Unavailable, ""},
		"a proxy has waited for a registry in vain":   {"unexpected status from HEAD request to https://registry.example/v2/x: 504 Gateway Timeout", Unavailable, ""},
		"the name is invalid":                         {`failed to parse address "Me/X:y": invalid reference format: repository name must be lowercase`, Permanent, adviceName},
		"the registry speaks plain HTTP":              {dialling + "http: server gave HTTP response to HTTPS client", Permanent, adviceHTTP},
		"the registry has a CA of its own":            {dialling + "tls: failed to verify certificate: x509: certificate signed by unknown authority", Permanent, adviceOwnCA},
		"the certificate is for another host":         {dialling + "tls: failed to verify certificate: x509: certificate is valid for a.example, not registry.example", Permanent, adviceCertificate},
		"the certificate has expired":                 {dialling + "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-26", Permanent, adviceCertificate},
		"nothing listens":                             {dialling + "dial tcp 10.87.0.1:5000: connect: connection refused", Unavailable, AdviceAddress},
		"the host is unknown":                         {dialling + "dial tcp: lookup registry.example on 10.87.0.1:53: no such host", Unavailable, adviceHost},
		"the DNS server fails":                        {dialling + "dial tcp: lookup registry.example on 10.87.0.1:53: server misbehaving", Unavailable, adviceHost},
		"a firewall drops everything":                 {dialling + "dial tcp 10.0.0.1:443: i/o timeout", Unavailable, AdviceNoAnswer},
		"the handshake hangs":                         {dialling + "net/http: TLS handshake timeout", Unavailable, AdviceNoAnswer},
		"there is no way to the host":                 {dialling + "dial tcp 10.0.0.1:443: connect: no route to host", Unavailable, AdviceNoAnswer},
		"a proxy answers with its login page":         {"failed to fetch oauth token: unable to decode token response: invalid character '<' looking for beginning of value", Transient, advicePage},
		"a proxy answers for a registry that is away": {"unexpected status from HEAD request to https://registry.example/v2/x: 502 Bad Gateway", Unavailable, ""},
		"the engine's disk is full":                   {"failed to copy: failed to write: write /var/lib/dagger/worker/x: no space left on device", Fatal, AdviceDisk},
		"the engine has too many files open":          {"failed to create pipe: pipe2: too many open files", Transient, adviceFiles},
		"a command fails":                             {`process "/bin/sh -c apt-get update" did not complete successfully: exit code: 100`, Permanent, adviceCommand},
		"the Dockerfile lacks the target":             {"target stage \"source-minimal\" could not be found", Permanent, adviceTarget},
		"the Dockerfile has a mistake":                {"dockerfile parse error on line 3: unknown instruction: FORM", Permanent, adviceDockerfile},
	}
	pushes := map[string]answer{
		"wrong credentials":                            {posting + "401 Unauthorized", Fatal, AdviceCredentials},
		"distribution asks for a login":                {"unauthorized: authentication required", Fatal, AdviceCredentials},
		"ECR was not logged in to":                     {"no basic auth credentials", Fatal, AdviceCredentials},
		"ECR's password has expired":                   {posting + "403 Forbidden\ndenied: Your authorization token has expired. Reauthenticate and try again.", Fatal, AdviceCredentials},
		"ghcr.io was not logged in to":                 {"failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token: 401 Unauthorized", Fatal, AdviceCredentials},
		"Google was not logged in to":                  {`denied: Unauthenticated request. Unauthenticated requests do not have permission "artifactregistry.repositories.uploadArtifacts" on resource "projects/p"`, Fatal, AdviceCredentials},
		"Docker Hub, somebody else's repository":       {"push access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed", Fatal, AdviceNoRight},
		"Docker Hub, in its older words":               {"denied: requested access to the resource is denied", Fatal, AdviceNoRight},
		"ghcr.io, an organization does not let":        {posting + "403 Forbidden\ndenied: installation not allowed to Create organization package", Fatal, AdviceNoRight},
		"ghcr.io, a token without the right":           {"denied: permission_denied: The token provided does not match expected scopes.", Fatal, AdviceNoRight},
		"Google, without the right":                    {`denied: Permission "artifactregistry.repositories.uploadArtifacts" denied on resource "projects/p/locations/us/repositories/r" (or it may not exist)`, Fatal, AdviceNoRight},
		"Harbor, without the right":                    {"unauthorized: unauthorized to access repository: me/agent, action: push: unauthorized to access repository: me/agent, action: push", Fatal, AdviceNoRight},
		"Quay, without the right":                      {posting + "401 Unauthorized\nunauthorized: access to the requested resource is not authorized", Fatal, AdviceNoRight},
		"GitLab, without the right":                    {"denied: access forbidden", Fatal, AdviceNoRight},
		"Artifactory, without the right":               {"denied: The client does not have permission for manifest", Fatal, AdviceNoRight},
		"a 403 that does not say why":                  {posting + "403 Forbidden", Limited, AdviceRefused},
		"ECR lacks the repository":                     {"name unknown: The repository with name 'agent' does not exist in the registry with id '123456789012'", Fatal, AdviceRepository},
		"ECR lacks the repository, in its API's words": {"RepositoryNotFoundException: The repository with name 'agent' does not exist in the registry with id '123456789012'", Fatal, AdviceRepository},
		"distribution does not know the repository":    {"name unknown: repository name not known to registry", Fatal, AdviceRepository},
		"Google, a name of two parts, at the end":      {putting + "400 Bad Request\nname invalid: Missing image name. Pushes should be of the form docker push HOST-NAME/PROJECT-ID/REPOSITORY/IMAGE", Fatal, AdviceName},
		"a registry lacks it and does not say so":      {posting + "404 Not Found", Fatal, AdviceRepository},
		"Harbor lacks the project":                     {posting + "401 Unauthorized\nunauthorized: project me not found: project me not found", Fatal, AdviceRepository},
		"Google, a name of two parts":                  {posting + "400 Bad Request\nname invalid: Missing image name. Pushes should be of the form docker push HOST-NAME/PROJECT-ID/REPOSITORY/IMAGE", Fatal, AdviceName},
		"Harbor, in maintenance":                       {posting + "403 Forbidden\ndenied: The system is in read only mode. Any modification is prohibited.", Fatal, AdviceReadOnly},
		"distribution, read-only":                      {posting + "405 Method Not Allowed", Fatal, AdviceReadOnly},
		"Harbor's quota (goharbor/harbor-cli#96)":      {putting + "403 Forbidden\ndenied: adding 1.0 GiB of storage resource, which when updated to current usage of 10.5 GiB will exceed the configured upper limit of 10.0 GiB.", Fatal, AdviceQuota},
		"Quay's quota":                                 {putting + "403 Forbidden\ndenied: Quota has been exceeded on namespace", Fatal, AdviceQuota},
		"DigitalOcean's plan":                          {posting + "403 Forbidden\ndenied: registry contains 1 repositories, limit is 1", Fatal, AdvicePlan},
		"the registry's disk is full":                  {putting + "500 Internal Server Error\nunknown: filesystem: mkdir /var/lib/registry/x: no space left on device", Fatal, AdviceNoRoom},
		"a proxy's disk is full":                       {putting + "507 Insufficient Storage", Fatal, AdviceNoRoom},
		"GitHub's secondary limit":                     {posting + "403 Forbidden\ndenied: You have exceeded a secondary rate limit. Please wait.", Limited, AdviceWait},
		"ghcr.io's limit of requests":                  {posting + "429 Too Many Requests\ntoomanyrequests: retry-after: 214.7ms, allowed: 44000/minute", Limited, AdviceWait},
		"Docker Hub's limit of requests":               {"toomanyrequests: Rate exceeded", Limited, AdviceWait},
		"a registry that fails":                        {putting + "500 Internal Server Error", Unavailable, adviceServer},
		"a registry that fails with a page of HTML":    {putting + "503 Service Unavailable\n<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>", Unavailable, ""},
		"a connection cut in an upload":                {"failed to do request: write tcp 10.87.0.5:5000: write: connection reset by peer", Unavailable, ""},
		"a connection that the registry closed":        {"failed to do request: write tcp 10.87.0.5:5000: write: broken pipe", Unavailable, ""},
		"the registry has a CA of its own":             {dialling + "tls: failed to verify certificate: x509: certificate signed by unknown authority", Fatal, adviceOwnCA},
		"the registry speaks plain HTTP":               {dialling + "http: server gave HTTP response to HTTPS client", Fatal, adviceHTTP},
	}
	check := func(t *testing.T, want answer, err error) {
		t.Helper()
		got := Of(err)
		assert.Equal(t, want.kind, got.Class)
		assert.Equal(t, want.advice, got.Advice)
	}
	for name, want := range pulls {
		t.Run("a pull: "+name, func(t *testing.T) { check(t, want, errors.New(want.text)) })
	}
	for name, want := range pushes {
		t.Run("a push: "+name, func(t *testing.T) {
			check(t, want, &PushError{Reference: "registry.example/me/agent:x", Err: errors.New(want.text)})
		})
	}
}

// TestEveryTextIsReached: no rule comes after another one that also matches its text.
func TestEveryTextIsReached(t *testing.T) {
	for i, known := range causes {
		text := strings.ReplaceAll(known.part, "*", " something ")
		require.Equal(t, strings.ToLower(text), text, "it is compared with a text in lower case")
		for _, earlier := range causes[:i] {
			assert.False(t, contains(text, earlier.part), "%q is never reached: %q stands before it", known.part, earlier.part)
		}
		assert.Equal(t, known.cause, Of(errors.New(text)))
	}
}

func TestNoErrorHasTheZeroResult(t *testing.T) {
	assert.Zero(t, Of(nil))
}
