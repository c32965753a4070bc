package registrytest

import (
	"net/http"
)

// Immutable are the answers of registries with immutable tags to a second push of a tag.
var Immutable = map[string]Fault{
	"ECR (containers-roadmap#2380)": Answer(http.StatusBadRequest,
		`{"errors":[{"code":"TAG_INVALID","message":"The image tag 'one' already exists in the 'agent' repository and cannot be overwritten because the repository is immutable."}]}`),
	"Harbor (moby/buildkit#3776)": Answer(http.StatusPreconditionFailed,
		`{"errors":[{"code":"PRECONDITION","message":"Failed to process request due to 'one' configured as immutable."}]}`),
	"Quay": Answer(http.StatusConflict, `{"errors":[{"code":"TAG_IMMUTABLE","message":"tag is immutable"}]}`),
	"a registry where only who may delete may replace": Answer(http.StatusForbidden,
		`{"errors":[{"code":"DENIED","message":"not enough permissions to delete/overwrite artifact"}]}`),
}

// OnceEach refuses to put a tag that the registry has already.
func OnceEach(refuse Fault) Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		if Has(registry, r) {
			refuse(w, r, registry)
			return
		}
		registry.ServeHTTP(w, r)
	}
}

// NoMounts refuses every mount.
var NoMounts = Rule{Method: http.MethodPost, Fault: Mounts(Answer(http.StatusForbidden, ""))}

// RefusedMount are the ways in which registries refuse a mount, with the issues that report them.
var RefusedMount = map[string]Fault{
	"202, as the specification has it":               NoMount(),
	"200 with a page of something in front":          Page(http.StatusOK),
	"400 (go-containerregistry#1741)":                Answer(http.StatusBadRequest, `{"errors":[{"code":"UNSUPPORTED"}]}`),
	"401, Harbor for another project (harbor#17097)": Answer(http.StatusUnauthorized, `{"errors":[{"code":"UNAUTHORIZED","message":"unauthorized to access repository"}]}`),
	"403 (containerd#14086)":                         Answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`),
	"404":                                            Answer(http.StatusNotFound, `{"errors":[{"code":"BLOB_UNKNOWN"}]}`),
	"405":                                            Answer(http.StatusMethodNotAllowed, ""),
	"415":                                            Answer(http.StatusUnsupportedMediaType, ""),
	"500, always":                                    Answer(http.StatusInternalServerError, ""),
	"501":                                            Answer(http.StatusNotImplemented, ""),
	"a connection that is cut, always":               Cut(0),
}
