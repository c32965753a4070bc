package classify

// causes classifies errors by a part of their text, in lower case: below the engine's API an error
// is only text. A star in a part stands for any text. The first match counts, so more specific
// parts come first.
var causes = []struct {
	part  string
	cause Result
}{
	// A command, and what it printed, may contain any of the texts below.
	{"exit code: ", Result{Class: Permanent, Advice: adviceCommand}},

	// Disk space. The engine's own disk has no status before these words.
	{"507 insufficient storage", Result{Class: Fatal, Advice: AdviceNoRoom}},
	{"500 internal server error*no space left on device", Result{Class: Fatal, Advice: AdviceNoRoom}},
	{"no space left on device", Result{Class: Fatal, Advice: AdviceDisk}},
	{"too many open files", Result{Class: Transient, Advice: adviceFiles}},
	{"will exceed the configured upper limit", Result{Class: Permanent, Advice: AdviceQuota}}, // Harbor
	{"quota has been exceeded", Result{Class: Permanent, Advice: AdviceQuota}},                // Quay
	{"repositories, limit is ", Result{Class: Permanent, Advice: AdvicePlan}},                 // DigitalOcean

	// Limits.
	{"secondary rate limit", Result{Class: Limited, Advice: AdviceWait}}, // GitHub
	{PullLimit, Result{Class: Spent, Advice: AdvicePulls, Window: PullWindow}},
	{"429 too many requests", Result{Class: Limited, Advice: AdviceWait}},
	{"toomanyrequests", Result{Class: Limited, Advice: AdviceWait}},

	// Missing images and repositories. A push begins with an upload, which a registry that creates
	// repositories accepts for any of them.
	{"pull access denied", Result{Class: Permanent, Advice: adviceImage}}, // Docker Hub, with "authorization failed" behind it
	{"failed to fetch anonymous token*401 unauthorized", Result{Class: Permanent, Advice: adviceImage}},
	{"failed to fetch anonymous token*403 forbidden", Result{Class: Permanent, Advice: adviceImage}}, // ghcr.io
	{"manifest unknown", Result{Class: Permanent, Advice: adviceImage}},
	{"does not exist in the registry with id", Result{Class: Permanent, Advice: AdviceRepository}}, // ECR
	{"project * not found", Result{Class: Permanent, Advice: AdviceRepository}},                    // Harbor
	{"name unknown", Result{Class: Permanent, Advice: AdviceRepository}},
	{"/blobs/uploads/: 404 not found", Result{Class: Permanent, Advice: AdviceRepository}},
	{"/blobs/uploads/: 400 bad request", Result{Class: Permanent, Advice: AdviceName}},
	{"/blobs/uploads/: 405 method not allowed", Result{Class: Permanent, Advice: AdviceReadOnly}},
	{"in read only mode", Result{Class: Permanent, Advice: AdviceReadOnly}},                            // Harbor
	{"missing image name. pushes should be of the form", Result{Class: Permanent, Advice: AdviceName}}, // Google

	// Insufficient credentials.
	{"push access denied", Result{Class: Permanent, Advice: AdviceNoRight}},                                 // Docker Hub
	{"requested access to the resource is denied", Result{Class: Permanent, Advice: AdviceNoRight}},         // Docker Hub
	{"installation not allowed to ", Result{Class: Permanent, Advice: AdviceNoRight}},                       // ghcr.io
	{"permission_denied", Result{Class: Permanent, Advice: AdviceNoRight}},                                  // ghcr.io
	{"unauthorized to access repository", Result{Class: Permanent, Advice: AdviceNoRight}},                  // Harbor
	{"access to the requested resource is not authorized", Result{Class: Permanent, Advice: AdviceNoRight}}, // Quay
	{"access forbidden", Result{Class: Permanent, Advice: AdviceNoRight}},                                   // GitLab
	{"denied on resource", Result{Class: Permanent, Advice: AdviceNoRight}},                                 // Google
	{"does not have permission for ", Result{Class: Permanent, Advice: AdviceNoRight}},                      // Artifactory

	// Wrong, missing or expired credentials.
	{"unauthenticated request", Result{Class: Permanent, Advice: AdviceCredentials}},                   // Google
	{"authorization token has expired", Result{Class: Permanent, Advice: AdviceCredentials}},           // ECR
	{"no basic auth credentials", Result{Class: Permanent, Advice: AdviceCredentials}},                 // ECR
	{"failed to fetch oauth token*403 forbidden", Result{Class: Permanent, Advice: AdviceCredentials}}, // ghcr.io
	{"401 unauthorized", Result{Class: Permanent, Advice: AdviceCredentials}},
	{"authorization failed", Result{Class: Permanent, Advice: AdviceCredentials}},
	{"authentication required", Result{Class: Permanent, Advice: AdviceCredentials}},
	{"403 forbidden", Result{Class: Limited, Advice: AdviceRefused, Doubtful: true}},

	// Wrong input.
	{"invalid reference format", Result{Class: Permanent, Advice: adviceName}},
	{"target stage", Result{Class: Permanent, Advice: adviceTarget}},
	{"dockerfile parse error", Result{Class: Permanent, Advice: adviceDockerfile}},

	// Failing registries and networks.
	{"500 internal server error", Result{Class: Unavailable, Advice: adviceServer}},
	{"502 bad gateway", Result{Class: Unavailable}},
	{"503 service unavailable", Result{Class: Unavailable}},
	{"504 gateway timeout", Result{Class: Unavailable}},
	{"server gave http response to https client", Result{Class: Permanent, Advice: adviceHTTP}},
	{"certificate signed by unknown authority", Result{Class: Permanent, Advice: adviceOwnCA}},
	{"x509: ", Result{Class: Permanent, Advice: adviceCertificate}},
	{"invalid character '<'", Result{Class: Transient, Advice: advicePage}},
	{"connection refused", Result{Class: Unavailable, Advice: AdviceAddress}},
	{"connection reset by peer", Result{Class: Unavailable}},
	{"broken pipe", Result{Class: Unavailable}},
	{"unexpected eof", Result{Class: Unavailable}},
	{"no answer within", Result{Class: Unavailable, Advice: AdviceNoAnswer}},
	{"i/o timeout", Result{Class: Unavailable, Advice: AdviceNoAnswer}},
	{"tls handshake timeout", Result{Class: Unavailable, Advice: AdviceNoAnswer}},
	{"no route to host", Result{Class: Unavailable, Advice: AdviceNoAnswer}},
	{"no such host", Result{Class: Unavailable, Advice: adviceHost}},
	{"server misbehaving", Result{Class: Unavailable, Advice: adviceHost}},

	{noPlatform, Result{Class: Permanent, Advice: AdvicePlatform}},
	{ErrPlatform.Error(), Result{Class: Permanent, Advice: AdvicePlatform}},
	{": not found", Result{Class: Permanent}},
}
