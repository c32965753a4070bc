package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"

	"dagger/eval-images/dial"
	"dagger/eval-images/pipeline/classify"
)

// route decides the scheme of a request, and refuses requests that must not be sent.
//
// Requests go by TLS unless the user asked for plain HTTP. The first request can decide for plain
// HTTP in two other cases: for a registry on a loopback address; and, without credentials, for one
// on a private address that answers the TLS handshake by plain HTTP. A broken or slow connection is
// no such answer. (The library alone would take the scheme that answers first.)
//
// A registry that uses TLS may refer to URLs with TLS only.
type route struct {
	host string
	// plainHTTP was asked for, and credentials says whether there are any.
	plainHTTP, credentials bool
	// scheme that the registry answered by. Nil: it has not answered yet.
	scheme atomic.Pointer[string]
}

const (
	schemeTLS   = "https"
	schemePlain = "http"
)

func newRoute(host string, plainHTTP, credentials bool) *route {
	r := &route{host: host, plainHTTP: plainHTTP, credentials: credentials}
	if plainHTTP {
		r.settle(schemePlain)
	}
	return r
}

func (r *route) settle(scheme string) { r.scheme.CompareAndSwap(nil, &scheme) }

// current scheme of requests to the registry.
func (r *route) current() string {
	if scheme := r.scheme.Load(); scheme != nil {
		return *scheme
	}
	return schemeTLS
}

// owns reports whether a URL leads to the registry itself.
func (r *route) owns(at *url.URL) bool {
	return withPort(at.Host, at.Scheme) == withPort(r.host, at.Scheme)
}

// withPort adds the default port of a scheme to a host that has none.
func withPort(host, scheme string) string {
	at := url.URL{Host: strings.ToLower(host)}
	port := at.Port()
	if port == "" {
		port = map[string]string{schemeTLS: "443", schemePlain: "80"}[scheme]
	}
	return net.JoinHostPort(at.Hostname(), port)
}

// roundTrip sends a request, or refuses it.
func (r *route) roundTrip(request *http.Request, send sender) (*http.Response, error) {
	if !r.owns(request.URL) {
		if err := r.refusal(request); err != nil {
			return nil, err
		}
		response, err := send(request)
		return response, final(err)
	}
	if r.isSecondPing(request) {
		return nil, errOneScheme
	}
	if err := r.keeps(request, request.URL.Hostname(), r.current()); err != nil {
		return nil, err
	}
	response, err := send(by(r.current(), request))
	if err == nil {
		r.settle(schemeTLS)
		return response, nil
	}
	if r.scheme.Load() == nil && r.mayAnswerPlainly(request.Context(), err) {
		return r.sendPlainly(request, send, err)
	}
	return nil, r.explained(err)
}

// sendPlainly sends by plain HTTP what failed by TLS.
func (r *route) sendPlainly(request *http.Request, send sender, failed error) (*http.Response, error) {
	response, err := send(by(schemePlain, request))
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusBadRequest { // A TLS server answers plain HTTP that way.
		response.Body.Close()
		return nil, failed
	}
	r.settle(schemePlain)
	return response, nil
}

// sender sends a request.
type sender func(*http.Request) (*http.Response, error)

// by sets the scheme of a request. It changes the request itself, as the library does: references
// in the answer may be relative to it.
func by(scheme string, request *http.Request) *http.Request {
	request.URL.Scheme = scheme
	return request
}

// errOneScheme answers the library's second ping. The library pings some registries by TLS and by
// plain HTTP.
var errOneScheme = errors.New("the scheme is decided by the first ping")

// isSecondPing reports whether a request is the library's ping by plain HTTP. After the ping, the
// library uses the scheme that answered; and a redirect carries the response that asked for it.
func (r *route) isSecondPing(request *http.Request) bool {
	return request.URL.Scheme == schemePlain && request.Response == nil && request.URL.Path == "/v2/"
}

// mayAnswerPlainly reports whether plain HTTP may be tried after the first request failed with this
// error.
func (r *route) mayAnswerPlainly(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	host := (&url.URL{Host: r.host}).Hostname()
	if dial.ScopeOfHost(host) == dial.Loopback {
		var certificate *tls.CertificateVerificationError
		return !errors.As(err, &certificate) // It speaks TLS.
	}
	return !r.credentials && isPrivate(host) && speaksPlainly(err)
}

// isPrivate reports whether a host is written as a private address or as a name of the local
// network. Any other name may lead anywhere.
func isPrivate(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return dial.ScopeOf(address) == dial.Private
	}
	return strings.HasSuffix(strings.ToLower(host), ".local")
}

// speaksPlainly reports whether a server answered a TLS handshake by plain HTTP. [http.Client] uses
// the same test.
func speaksPlainly(err error) bool {
	var answered tls.RecordHeaderError
	return errors.As(err, &answered) && string(answered.RecordHeader[:]) == "HTTP/"
}

// refusal is the error for a request that must not follow the registry to another host.
func (r *route) refusal(request *http.Request) error {
	at := request.URL
	switch {
	case request.Method == http.MethodDelete:
		return &routeError{text: fmt.Sprintf("%s refers to %.100q: deletions go to the registry only", r.host, at.Host)}
	case at.Scheme != schemeTLS && r.current() == schemeTLS:
		return &routeError{text: fmt.Sprintf("%s uses TLS, but refers to %.100q without TLS", r.host, at.Scheme+"://"+at.Host)}
	}
	return r.keeps(request, at.Hostname(), at.Scheme)
}

// keeps returns an error if credentials would go over the network in plain text.
func (r *route) keeps(request *http.Request, host, scheme string) error {
	if scheme == schemeTLS || r.plainHTTP || !r.credentials || dial.ScopeOfHost(host) == dial.Loopback {
		return nil
	}
	if request.Header.Get("Authorization") == "" {
		return nil
	}
	return &routeError{text: fmt.Sprintf("credentials would go to %.100q by plain HTTP", host), err: ErrPlainHTTP}
}

// ErrPlainHTTP says that a request would have to go by plain HTTP, which [Options.PlainHTTP] does
// not allow.
var ErrPlainHTTP = errors.New("plain HTTP is not allowed")

// explained adds to an error that the registry speaks plain HTTP.
func (r *route) explained(err error) error {
	if speaksPlainly(err) {
		return &routeError{text: "the registry speaks plain HTTP: " + http.ErrSchemeMismatch.Error(), err: ErrPlainHTTP}
	}
	return err
}

// final makes the error of a referral that was not followed permanent.
func final(err error) error {
	var referral *dial.ReferralError
	if errors.As(err, &referral) {
		return &routeError{text: referral.Error(), err: referral}
	}
	return err
}

// routeError is the error of a request that was not sent, and will not be sent the next time
// either.
type routeError struct {
	text string
	err  error
}

// Error says why it was not sent.
func (e *routeError) Error() string { return e.text }

// Unwrap returns [ErrPlainHTTP], a [dial.ReferralError], or nil.
func (e *routeError) Unwrap() error { return e.err }

// Cause is permanent: another attempt would end the same.
func (e *routeError) Cause() classify.Result { return classify.Result{Class: classify.Permanent} }
