package pipeline

// causes are errors by a part of their text, in lower case: below the engine's API an error is nothing but
// text. A star in a part stands for any text. The first match counts, so the more particular ones stand first.
var causes = []struct {
	part  string
	cause Cause
}{
	// What the command was, and what it printed before, may hold any of the texts below.
	{"exit code: ", Cause{Kind: KindPermanent, Advice: adviceCommand}},

	// Room. The engine's own disk has no status before these words.
	{"507 insufficient storage", Cause{Kind: KindFatal, Advice: AdviceNoRoom}},
	{"500 internal server error*no space left on device", Cause{Kind: KindFatal, Advice: AdviceNoRoom}},
	{"no space left on device", Cause{Kind: KindFatal, Advice: adviceDisk}},
	{"too many open files", Cause{Kind: KindTransient, Advice: adviceFiles}},
	{"will exceed the configured upper limit", Cause{Kind: KindPermanent, Advice: AdviceQuota}}, // Harbor
	{"quota has been exceeded", Cause{Kind: KindPermanent, Advice: AdviceQuota}},                // Quay
	{"repositories, limit is ", Cause{Kind: KindPermanent, Advice: AdvicePlan}},                 // DigitalOcean

	// Limits.
	{"secondary rate limit", Cause{Kind: KindLimited, Advice: AdviceWait}}, // GitHub
	{PullLimit, Cause{Kind: KindSpent, Advice: AdvicePulls}},
	{"429 too many requests", Cause{Kind: KindLimited, Advice: AdviceWait}},
	{"toomanyrequests", Cause{Kind: KindLimited, Advice: AdviceWait}},

	// What is missing. A push begins with an upload; a registry that creates repositories takes it for any of them.
	{"pull access denied", Cause{Kind: KindPermanent, Advice: adviceImage}}, // Docker Hub, with "authorization failed" behind it
	{"failed to fetch anonymous token*401 unauthorized", Cause{Kind: KindPermanent, Advice: adviceImage}},
	{"failed to fetch anonymous token*403 forbidden", Cause{Kind: KindPermanent, Advice: adviceImage}}, // ghcr.io
	{"manifest unknown", Cause{Kind: KindPermanent, Advice: adviceImage}},
	{"does not exist in the registry with id", Cause{Kind: KindPermanent, Advice: AdviceRepository}}, // ECR
	{"project * not found", Cause{Kind: KindPermanent, Advice: AdviceRepository}},                    // Harbor
	{"name unknown", Cause{Kind: KindPermanent, Advice: AdviceRepository}},
	{"/blobs/uploads/: 404 not found", Cause{Kind: KindPermanent, Advice: AdviceRepository}},
	{"/blobs/uploads/: 400 bad request", Cause{Kind: KindPermanent, Advice: AdviceName}},
	{"/blobs/uploads/: 405 method not allowed", Cause{Kind: KindPermanent, Advice: AdviceReadOnly}},
	{"in read only mode", Cause{Kind: KindPermanent, Advice: AdviceReadOnly}},                            // Harbor
	{"missing image name. pushes should be of the form", Cause{Kind: KindPermanent, Advice: AdviceName}}, // Google

	// Credentials that are good for less.
	{"push access denied", Cause{Kind: KindPermanent, Advice: AdviceNoRight}},                                 // Docker Hub
	{"requested access to the resource is denied", Cause{Kind: KindPermanent, Advice: AdviceNoRight}},         // Docker Hub
	{"installation not allowed to ", Cause{Kind: KindPermanent, Advice: AdviceNoRight}},                       // ghcr.io
	{"permission_denied", Cause{Kind: KindPermanent, Advice: AdviceNoRight}},                                  // ghcr.io
	{"unauthorized to access repository", Cause{Kind: KindPermanent, Advice: AdviceNoRight}},                  // Harbor
	{"access to the requested resource is not authorized", Cause{Kind: KindPermanent, Advice: AdviceNoRight}}, // Quay
	{"access forbidden", Cause{Kind: KindPermanent, Advice: AdviceNoRight}},                                   // GitLab
	{"denied on resource", Cause{Kind: KindPermanent, Advice: AdviceNoRight}},                                 // Google
	{"does not have permission for ", Cause{Kind: KindPermanent, Advice: AdviceNoRight}},                      // Artifactory

	// Credentials that are wrong, missing or old.
	{"unauthenticated request", Cause{Kind: KindPermanent, Advice: AdviceCredentials}},                   // Google
	{"authorization token has expired", Cause{Kind: KindPermanent, Advice: AdviceCredentials}},           // ECR
	{"no basic auth credentials", Cause{Kind: KindPermanent, Advice: AdviceCredentials}},                 // ECR
	{"failed to fetch oauth token*403 forbidden", Cause{Kind: KindPermanent, Advice: AdviceCredentials}}, // ghcr.io
	{"401 unauthorized", Cause{Kind: KindPermanent, Advice: AdviceCredentials}},
	{"authorization failed", Cause{Kind: KindPermanent, Advice: AdviceCredentials}},
	{"authentication required", Cause{Kind: KindPermanent, Advice: AdviceCredentials}},
	{"403 forbidden", Cause{Kind: KindLimited, Advice: adviceRefused, Doubtful: true}},

	// What this side got wrong.
	{"invalid reference format", Cause{Kind: KindPermanent, Advice: adviceName}},
	{"target stage", Cause{Kind: KindPermanent, Advice: adviceTarget}},
	{"dockerfile parse error", Cause{Kind: KindPermanent, Advice: adviceDockerfile}},

	// A registry, or a network, that fails.
	{"500 internal server error", Cause{Kind: KindUnavailable, Advice: adviceServer}},
	{"502 bad gateway", Cause{Kind: KindUnavailable}},
	{"503 service unavailable", Cause{Kind: KindUnavailable}},
	{"504 gateway timeout", Cause{Kind: KindUnavailable}},
	{"server gave http response to https client", Cause{Kind: KindPermanent, Advice: adviceHTTP}},
	{"certificate signed by unknown authority", Cause{Kind: KindPermanent, Advice: adviceOwnCA}},
	{"x509: ", Cause{Kind: KindPermanent, Advice: adviceCertificate}},
	{"invalid character '<'", Cause{Kind: KindTransient, Advice: advicePage}},
	{"connection refused", Cause{Kind: KindUnavailable, Advice: adviceAddress}},
	{"connection reset by peer", Cause{Kind: KindUnavailable}},
	{"broken pipe", Cause{Kind: KindUnavailable}},
	{"unexpected eof", Cause{Kind: KindUnavailable}},
	{"no answer within", Cause{Kind: KindUnavailable, Advice: adviceNoAnswer}},
	{"i/o timeout", Cause{Kind: KindUnavailable, Advice: adviceNoAnswer}},
	{"tls handshake timeout", Cause{Kind: KindUnavailable, Advice: adviceNoAnswer}},
	{"no route to host", Cause{Kind: KindUnavailable, Advice: adviceNoAnswer}},
	{"no such host", Cause{Kind: KindUnavailable, Advice: adviceHost}},
	{"server misbehaving", Cause{Kind: KindUnavailable, Advice: adviceHost}},

	{noPlatform, Cause{Kind: KindPermanent, Advice: advicePlatform}},
	{ErrPlatform.Error(), Cause{Kind: KindPermanent, Advice: advicePlatform}},
	{": not found", Cause{Kind: KindPermanent}},
}
