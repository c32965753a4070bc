// Package hubtest provides a dataset hub for tests. It answers as the Hugging Face hub does.
package hubtest

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Files of a dataset at one commit, by their paths.
type Files map[string]string

// Hub is an HTTP handler with datasets. The zero value has none.
type Hub struct {
	// Users are the tokens that the hub accepts.
	Users []string
	// Storage is the address of a server with this hub's [Hub.ServeStorage], to which the
	// hub redirects requests for files. Empty: the hub sends them itself.
	Storage string

	mu       sync.Mutex
	datasets map[string]*repository
	faults   []http.HandlerFunc
	requests []*http.Request
}

// repository is a dataset's repository.
type repository struct {
	commits map[string]Files
	refs    map[string]string // commits, by the branch or tag
	configs any
	private bool
	readers []string // nil: everybody
	renamed string
}

// dataset returns the dataset of a name, and creates it if necessary. The caller holds the lock.
func (h *Hub) dataset(name string) *repository {
	if h.datasets == nil {
		h.datasets = map[string]*repository{}
	}
	if h.datasets[name] == nil {
		h.datasets[name] = &repository{commits: map[string]Files{}, refs: map[string]string{}}
	}
	return h.datasets[name]
}

// Commit creates a commit with these files, moves a branch or tag of a dataset to it, and returns
// its id.
func (h *Hub) Commit(name, ref string, files Files) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.dataset(name)
	id := fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "%s %s %v", name, ref, files)))
	d.commits[id], d.refs[ref] = files, id
	return id
}

// Configure sets "configs" in the settings at the top of a dataset's README.
func (h *Hub) Configure(name string, configs any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dataset(name).configs = configs
}

// Gate lets only the users of these tokens read the files of a dataset.
func (h *Hub) Gate(name string, readers ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dataset(name).readers = append([]string{}, readers...)
}

// Hide hides the existence of a dataset from all but the users of these tokens.
func (h *Hub) Hide(name string, readers ...string) {
	h.Gate(name, readers...)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dataset(name).private = true
}

// Rename renames a dataset. The hub redirects from the old name.
func (h *Hub) Rename(from, to string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.datasets[to] = h.dataset(from)
	h.datasets[from] = &repository{renamed: to}
}

// Fail answers the next requests with these handlers, one each. Nil lets a request through.
func (h *Hub) Fail(faults ...http.HandlerFunc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(h.faults, faults...)
}

// Requests returns the requests that the hub and its storage got.
func (h *Hub) Requests() []*http.Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.requests)
}

// next records a request, and returns its fault, or nil.
func (h *Hub) next(r *http.Request) http.HandlerFunc {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, r)
	if len(h.faults) == 0 {
		return nil
	}
	fault := h.faults[0]
	h.faults = h.faults[1:]
	return fault
}

// ServeHTTP answers requests about datasets, and serves their files or redirects to them.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if fault := h.next(r); fault != nil {
		fault(w, r)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token != "" && !slices.Contains(h.Users, token) {
		Refuse(w, http.StatusUnauthorized, "", "Invalid credentials in Authorization header")
		return
	}
	path, isQuestion := strings.CutPrefix(r.URL.EscapedPath(), "/api")
	// owner, name, "revision" or "resolve", revision, file
	parts := strings.SplitN(strings.TrimPrefix(path, "/datasets/"), "/", 5)
	if len(parts) < 3 {
		http.NotFound(w, r)
		return
	}
	name := parts[0] + "/" + parts[1]
	d := h.datasets[name]
	if d != nil && d.renamed != "" {
		w.Header().Set("Location", strings.Replace(r.URL.EscapedPath(), name, d.renamed, 1))
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	if d == nil || d.private && !slices.Contains(d.readers, token) {
		if token == "" {
			Refuse(w, http.StatusUnauthorized, "RepoNotFound", "Invalid username or password.")
		} else {
			Refuse(w, http.StatusNotFound, "RepoNotFound", "Repository not found")
		}
		return
	}
	switch {
	case isQuestion && parts[2] == "revision" && len(parts) == 4:
		d.describe(w, parts[3])
	case isQuestion && parts[2] == "parquet":
		Refuse(w, http.StatusNotImplemented, "",
			"The dataset viewer doesn't support this dataset because it runs arbitrary Python code.")
	case !isQuestion && parts[2] == "resolve" && len(parts) == 5:
		h.resolve(w, r, name, parts[3], parts[4], token)
	default:
		http.NotFound(w, r)
	}
}

// at returns the commit of an escaped revision, and its files.
func (d *repository) at(revision string) (id string, files Files) {
	id = strings.ReplaceAll(revision, "%2F", "/")
	if of, ok := d.refs[id]; ok {
		id = of
	}
	return id, d.commits[id]
}

func (d *repository) describe(w http.ResponseWriter, revision string) {
	id, files := d.at(revision)
	if files == nil {
		Refuse(w, http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+revision)
		return
	}
	type sibling struct {
		Name string `json:"rfilename"`
	}
	siblings := []sibling{{".gitattributes"}, {"README.md"}}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		siblings = append(siblings, sibling{path})
	}
	answer := map[string]any{"sha": id, "siblings": siblings}
	if d.configs != nil {
		answer["cardData"] = map[string]any{"configs": d.configs}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // The client tells if it does not get all.
}

func (h *Hub) resolve(w http.ResponseWriter, r *http.Request, name, revision, path, token string) {
	d := h.datasets[name]
	id, files := d.at(revision)
	content, ok := files[path]
	switch {
	case d.readers != nil && token == "":
		Refuse(w, http.StatusUnauthorized, "GatedRepo",
			"Access to dataset "+name+" is restricted. "+
				"You must have access to it and be authenticated to access it. Please log in.")
	case d.readers != nil && !slices.Contains(d.readers, token):
		Refuse(w, http.StatusForbidden, "GatedRepo",
			"Access to dataset "+name+" is restricted and you are not in the authorized list. "+
				"Visit https://huggingface.co/datasets/"+name+" to ask for access.")
	case !ok:
		Refuse(w, http.StatusNotFound, "EntryNotFound", "Entry not found")
	case h.Storage != "":
		http.Redirect(w, r, h.Storage+"/"+name+"/"+id+"/"+path+"?Signature=signed-5e11", http.StatusFound)
	default:
		_, _ = w.Write([]byte(content)) // The client tells if it does not get all.
	}
}

// ServeStorage serves files to anyone who has their address.
func (h *Hub) ServeStorage(w http.ResponseWriter, r *http.Request) {
	if fault := h.next(r); fault != nil {
		fault(w, r)
		return
	}
	parts := strings.SplitN(r.URL.Path, "/", 5) // nothing, owner, name, commit, file
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.datasets[parts[1]+"/"+parts[2]]
	_, _ = w.Write([]byte(d.commits[parts[3]][parts[4]]))
}

// Refuse answers with an error in the hub's form: in two headers and in JSON.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	if code != "" {
		w.Header().Set("X-Error-Code", code)
	}
	w.Header().Set("X-Error-Message", message)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": message})
}
