package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dagger/eval-images/dial"
	"dagger/eval-images/redact"
)

// connection sends requests about one dataset to a hub.
type connection struct {
	client *http.Client
	report func(line string)
	sleep  func(ctx context.Context, pause time.Duration) error
	watch  func(idle time.Duration, stalled func()) timer
	idle   time.Duration
	token  string
	origin string // scheme and host of the hub
	api    string // URL prefix of the API's requests about the dataset
	files  string // URL of the dataset's page, and prefix of its files
}

// idle is the maximum time without a byte of a response. A large file may take longer in total.
const idle = time.Minute

// timer calls a function when it expires, unless it is reset or stopped before.
type timer interface {
	Reset(time.Duration) bool
	Stop() bool
}

// maxRedirects is the maximum number of redirects in a row. The hub needs two: from a dataset's old
// name to the new one, and to the storage of a file.
const maxRedirects = 5

func (c Client) connect(name string) (*connection, error) {
	root, address, err := c.Address.root()
	if err != nil {
		return nil, err
	}
	token := strings.TrimSpace(c.Token) // Files often end with a new line.
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("--hub-token contains characters that are not valid in a token")
	}
	if token != "" && address.Scheme != "https" && !private(address.Hostname()) {
		return nil, fmt.Errorf("--hub-token would go to %s without encryption: use https", root)
	}
	connection := &connection{
		report: c.Report, sleep: c.sleep, watch: c.watch, idle: c.idle, token: token,
		origin: address.Scheme + "://" + address.Host,
		api:    root + "/api/datasets/" + name, files: root + "/datasets/" + name,
	}
	if connection.report == nil {
		connection.report = func(string) {}
	}
	if connection.sleep == nil {
		connection.sleep = sleep
	}
	if connection.watch == nil {
		connection.watch = func(idle time.Duration, stalled func()) timer { return time.AfterFunc(idle, stalled) }
	}
	if connection.idle == 0 {
		connection.idle = idle
	}
	connection.client = &http.Client{
		Transport: tokenTransport{next: c.transport(address.Host), token: token, origin: connection.origin}, CheckRedirect: follow,
	}
	return connection, nil
}

// transport sends requests to the hub, and to the hosts that it may redirect to.
func (c Client) transport(host string) http.RoundTripper {
	if c.Transport != nil {
		return dial.Around(host, c.Transport)
	}
	return c.Network.Transport(host)
}

// tokenTransport adds the token to requests to the hub only: the hub redirects files to
// storage on other hosts. [http.Client] would send it to other ports and all subdomains.
type tokenTransport struct {
	next          http.RoundTripper
	token, origin string
}

// RoundTrip adds the token to a request to the hub.
func (t tokenTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if t.token != "" && request.URL.Scheme+"://"+request.URL.Host == t.origin {
		request = request.Clone(request.Context())
		request.Header.Set("Authorization", "Bearer "+t.token)
	}
	return t.next.RoundTrip(request)
}

var errRedirect = errors.New("the hub redirects too often, or from https to http")

// follow limits the number of redirects, and refuses one from https to http.
func follow(next *http.Request, before []*http.Request) error {
	if len(before) > maxRedirects || before[0].URL.Scheme == "https" && next.URL.Scheme != "https" {
		return errRedirect
	}
	return nil
}

// cutError means that a connection failed, or ended before the answer was complete. Its
// text is safe to show; err may quote an answer that a library could not parse.
type cutError struct {
	text string
	err  error
}

func (e *cutError) Error() string { return e.text }
func (e *cutError) Unwrap() error { return e.err }

// passes reports whether another attempt may succeed.
func (e *cutError) passes() bool {
	var name *net.DNSError
	if errors.As(e.err, &name) {
		return !name.IsNotFound
	}
	var referral *dial.ReferralError
	if errors.As(e.err, &referral) {
		return false
	}
	var unreachable *net.OpError
	if errors.As(e.err, &unreachable) && unreachable.Op == "dial" {
		return unreachable.Timeout()
	}
	var certificate *tls.CertificateVerificationError
	return !errors.Is(e.err, errRedirect) && !errors.Is(e.err, http.ErrSchemeMismatch) && !errors.As(e.err, &certificate)
}

// Advice for a hub that cannot be reached; empty for other errors.
func (e *cutError) Advice() string {
	var name *net.DNSError
	var unreachable *net.OpError
	var referral *dial.ReferralError
	if errors.As(e.err, &referral) {
		return "Use a hub that serves its files itself, or from public addresses"
	}
	if errors.As(e.err, &name) || errors.As(e.err, &unreachable) && unreachable.Op == "dial" ||
		errors.Is(e.err, http.ErrSchemeMismatch) {
		return "Check --hub, and that the machine of the Dagger engine reaches it"
	}
	return ""
}

// get passes the content of a URL to read, at most that many bytes. It retries temporary errors,
// and calls read for each attempt that gets an answer.
func (c *connection) get(ctx context.Context, address string, most int64, read func(content io.Reader) error) error {
	return c.retry(ctx, func() error { return c.try(ctx, address, most, read) })
}

func (c *connection) try(ctx context.Context, address string, most int64, read func(content io.Reader) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := c.watch(c.idle, func() {
		cancel(&cutError{text: fmt.Sprintf("no complete answer: nothing arrived within %s", c.idle)})
	})
	defer watch.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "eval-images")
	request.Header.Set("Accept-Encoding", "identity") // A .gz stays packed, and Content-Length is its size.
	answer, err := c.client.Do(request)
	if err != nil {
		return c.cut(ctx, err)
	}
	defer answer.Body.Close()
	body := &body{from: answer.Body, most: most, read: func() { watch.Reset(c.idle) }}
	if answer.StatusCode != http.StatusOK {
		return c.refusal(answer, body)
	}
	if answer.ContentLength > most {
		return errTooLarge(most)
	}
	err = read(body)
	if body.err != nil { // Otherwise it was not the hub's fault.
		return c.cut(ctx, body.err)
	}
	return err
}

// cut returns the error of a request: the cause of its cancellation, or else an error
// without the URL, which may be signed.
func (c *connection) cut(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var large errTooLarge
	if errors.As(err, &large) {
		return large
	}
	var asked *url.Error
	if errors.As(err, &asked) {
		err = asked.Err
	}
	return &cutError{text: "no complete answer: " + redact.ASCII(err.Error(), c.token), err: err}
}

// errTooLarge means that an answer exceeds this limit, in bytes.
type errTooLarge int64

func (e errTooLarge) Error() string {
	return fmt.Sprintf("it is larger than %d MiB", int64(e)>>20)
}

// body limits the body of an answer and reports each read.
type body struct {
	from io.Reader
	done int64
	most int64
	read func()
	err  error // other than the end of the file
}

// Read reads from the body, and fails after the limit.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.read()
	if b.done += int64(n); b.done > b.most {
		err = errTooLarge(b.most)
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
