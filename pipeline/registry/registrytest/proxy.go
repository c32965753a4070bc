// Package registrytest has registries for tests, and a proxy that puts a script of faults in front
// of one and counts the requests.
package registrytest

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Proxy is a registry that has a bad day. Make it with [New].
type Proxy struct {
	next http.Handler

	mu    sync.Mutex
	rules []*Rule
	asked []Request
	// script counts the scripts. A request is noted when it was answered, and by then there may be
	// another one.
	script int
}

// Request is one request as the proxy saw it, and how it was answered.
type Request struct {
	Method, Path string
	// Query is the URL's, as it was sent; a mount is known by it.
	Query string
	// Status of the answer; 0 if there was none, because the connection was cut.
	Status int
	// At is when the request came.
	At time.Time
}

// Rule says what happens to some requests. The first rule that fits a request and is in force
// counts.
type Rule struct {
	// Method it is for. Empty: all.
	Method string
	// Path is a regular expression that the request's path must match somewhere. Empty: all.
	Path string
	// Skip is how many requests that fit go through before the rule is in force.
	Skip int
	// Times is how many requests it is in force for. Zero: for all that follow.
	Times int
	// Fault is what happens to the request.
	Fault Fault

	met  int
	path *regexp.Regexp
}

// Fault answers a request in place of the registry, or before it.
type Fault func(w http.ResponseWriter, r *http.Request, registry http.Handler)

// New is a proxy of a registry, with this script.
func New(registry http.Handler, script ...Rule) *Proxy {
	p := &Proxy{next: registry}
	p.Script(script...)
	return p
}

// Script replaces the rules, and forgets what was counted.
func (p *Proxy) Script(rules ...Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules, p.asked = nil, nil
	p.script++
	for _, rule := range rules {
		rule.path = regexp.MustCompile(rule.Path)
		p.rules = append(p.rules, &rule)
	}
}

// ServeHTTP answers as the script says, or else as the registry does.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, query, at := &recorder{ResponseWriter: w}, r.URL.RawQuery, time.Now()
	fault, script := p.fault(r)
	defer func() { // A cut connection is a panic.
		p.mu.Lock()
		defer p.mu.Unlock()
		if script == p.script {
			p.asked = append(p.asked, Request{r.Method, r.URL.Path, query, answer.status, at})
		}
	}()
	if fault != nil {
		fault(answer, r, p.next)
		return
	}
	p.next.ServeHTTP(answer, r)
}

// fault is what happens to a request, if anything does, and in which script.
func (p *Proxy) fault(r *http.Request) (fault Fault, script int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, rule := range p.rules {
		if !rule.fits(r) {
			continue
		}
		rule.met++
		if rule.met > rule.Skip && (rule.Times == 0 || rule.met <= rule.Skip+rule.Times) {
			return rule.Fault, p.script
		}
	}
	return nil, p.script
}

func (r *Rule) fits(request *http.Request) bool {
	return (r.Method == "" || r.Method == request.Method) && r.path.MatchString(request.URL.Path)
}

// Requests are those that came and were answered since the last [Proxy.Script], in the order of
// their answers.
func (p *Proxy) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Request(nil), p.asked...)
}

// Count says how many requests had this method (empty: any) and a path that the regular expression
// matches.
func (p *Proxy) Count(method, path string) int {
	pattern, n := regexp.MustCompile(path), 0
	for _, asked := range p.Requests() {
		if (method == "" || method == asked.Method) && pattern.MatchString(asked.Path) {
			n++
		}
	}
	return n
}

// Mounted counts the requests to mount a blob.
func (p *Proxy) Mounted() int {
	n := 0
	for _, asked := range p.Requests() {
		if asked.Method == http.MethodPost && strings.Contains(asked.Query, "mount=") {
			n++
		}
	}
	return n
}

// recorder keeps the status that passes through it.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(data []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(data)
}

// Unwrap lets an http.ResponseController reach what the recorder hides.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
