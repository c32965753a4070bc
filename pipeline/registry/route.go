package registry

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

// route decides by which scheme a request goes, and which requests do not go at all.
//
// Requests go by TLS unless the user asked for plain HTTP. There are two exceptions, decided by the
// first request: a registry on a loopback address, and, without credentials, one on a private
// address that answers the TLS handshake itself by plain HTTP. A broken or slow connection is not
// such an answer. (The library alone would take whichever scheme answers first.)
//
// A registry that is reached by TLS may refer only to URLs with TLS.
type route struct {
	host string
	// plainHTTP was asked for, and credentials says whether there are any.
	plainHTTP, credentials bool
	// scheme that the registry answered by; nil before that.
	scheme atomic.Pointer[string]
}

const (
	schemeTLS   = "https"
	schemePlain = "http"
)

// route to a registry, with this access.
func (a Access) route(host string) *route {
	r := &route{host: host, plainHTTP: a.PlainHTTP, credentials: a.Username != ""}
	if a.PlainHTTP {
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

// withPort is a host with the port that the scheme has by default, if it has none.
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
	if response.StatusCode == http.StatusBadRequest { // As servers answer that do speak TLS.
		response.Body.Close()
		return nil, failed
	}
	r.settle(schemePlain)
	return response, nil
}

// sender sends a request.
type sender func(*http.Request) (*http.Response, error)

// by has the request go by a scheme. It changes the request itself, as the library does for the
// same purpose: what the answer refers to may be relative to it.
func by(scheme string, request *http.Request) *http.Request {
	request.URL.Scheme = scheme
	return request
}

// errOneScheme is the answer to the library, which asks some registries by TLS and by plain HTTP.
var errOneScheme = errors.New("the scheme is decided elsewhere")

// isSecondPing reports whether the library asks by plain HTTP as well. After the handshake it takes
// the scheme that answered, and what a registry redirects to comes with the answer that did so.
func (r *route) isSecondPing(request *http.Request) bool {
	return request.URL.Scheme == schemePlain && request.Response == nil && request.URL.Path == "/v2/"
}

// mayAnswerPlainly reports whether the registry may be asked by plain HTTP after this answer to the
// first request.
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

// isPrivate reports whether a host is written as a private address, or as a name of the local
// network's. Other names may lead anywhere.
func isPrivate(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return dial.ScopeOf(address) == dial.Private
	}
	return strings.HasSuffix(strings.ToLower(host), ".local")
}

// speaksPlainly reports whether a server answered a TLS handshake by plain HTTP. [http.Client]
// tells it the same way.
func speaksPlainly(err error) bool {
	var answered tls.RecordHeaderError
	return errors.As(err, &answered) && string(answered.RecordHeader[:]) == "HTTP/"
}

// refusal is the error for a request that the registry must not have sent to another host.
func (r *route) refusal(request *http.Request) error {
	at := request.URL
	switch {
	case request.Method == http.MethodDelete:
		return &routeError{text: fmt.Sprintf("%s refers to %.100q, where nothing is deleted", r.host, at.Host)}
	case at.Scheme != schemeTLS && r.current() == schemeTLS:
		return &routeError{text: fmt.Sprintf("%s is reached by TLS and refers to %.100q, which is not", r.host, at.Scheme+"://"+at.Host)}
	}
	return r.keeps(request, at.Hostname(), at.Scheme)
}

// keeps returns an error if credentials would be readable on their way.
func (r *route) keeps(request *http.Request, host, scheme string) error {
	if scheme == schemeTLS || r.plainHTTP || !r.credentials || dial.ScopeOfHost(host) == dial.Loopback {
		return nil
	}
	if request.Header.Get("Authorization") == "" {
		return nil
	}
	return &routeError{text: fmt.Sprintf("credentials would go to %.100q by plain HTTP", host), err: ErrPlainHTTP}
}

// ErrPlainHTTP says that a request would have to go by plain HTTP, and [Access.PlainHTTP] does not
// allow it.
var ErrPlainHTTP = errors.New("plain HTTP was not asked for")

// explained tells of a registry that speaks no TLS. [http.Client] has no better words for it.
func (r *route) explained(err error) error {
	if speaksPlainly(err) {
		return &routeError{text: "the registry speaks plain HTTP: " + http.ErrSchemeMismatch.Error(), err: ErrPlainHTTP}
	}
	return err
}

// final makes the error of a referral that is not followed permanent.
func final(err error) error {
	var referral *dial.ReferralError
	if errors.As(err, &referral) {
		return &routeError{text: referral.Error(), err: referral}
	}
	return err
}

// routeError is a request that did not go, and would not go the next time either.
type routeError struct {
	text string
	err  error
}

// Error says why.
func (e *routeError) Error() string { return e.text }

// Unwrap gives what else is known of it: [ErrPlainHTTP], a [dial.ReferralError], or nil.
func (e *routeError) Unwrap() error { return e.err }

// Cause is permanent.
func (e *routeError) Cause() classify.Result { return classify.Result{Class: classify.Permanent} }
