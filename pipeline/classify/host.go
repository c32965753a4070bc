package classify

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	"dagger/eval-images/reference"
)

// hubHosts are further names of Docker Hub in URLs: its token server and its storage.
var hubHosts = []string{"auth.docker.io", "production.cloudflare.docker.com"}

// HostName is the host of a URL as references name it.
func HostName(host string) string {
	host = strings.ToLower(host)
	if slices.Contains(hubHosts, host) {
		return reference.DockerHub
	}
	if host == "" {
		return ""
	}
	return reference.Host(host + "/")
}

// HostsOf are the hosts of images, without those that have no reference.
func HostsOf(images ...string) (hosts []string) {
	for _, image := range images {
		if image != "" {
			hosts = append(hosts, reference.Host(image))
		}
	}
	return hosts
}

// HostError is an error that knows which registry's host it is about. Its text is that of Err.
type HostError struct {
	// Host as references name it.
	Host string
	Err  error
}

// AtHost makes an error one that knows its host, as references or URLs name it. Nil stays nil.
func AtHost(host string, err error) error {
	if err == nil {
		return nil
	}
	return &HostError{Host: HostName(host), Err: err}
}

// Error is that of Err.
func (e *HostError) Error() string { return e.Err.Error() }

// Unwrap gives Err.
func (e *HostError) Unwrap() error { return e.Err }

// HostOf tells which host an attempt's error is about. Known are those that the attempt needs, its
// target's first. An engine's error is only text, from what was done to what went wrong: the last
// host that it names counts. If it names none, a failed push is blamed on the target, and all
// before that on the next host.
func HostOf(err error, known []string) string {
	var hosted *HostError
	if errors.As(err, &hosted) {
		return hosted.Host
	}
	text := asked.ReplaceAllString(printed.ReplaceAllString(err.Error(), ""), "$1$2")
	if host := cmp.Or(lastURL(text, known), lastReference(text, known)); host != "" {
		return host
	}
	var push *PushError
	if !errors.As(err, &push) && len(known) > 1 {
		return known[1]
	}
	return known[0]
}

// urls are the host and the path of what an error was asked of.
var urls = regexp.MustCompile(`https?://(?:[^/\s"'@]*@)?([^/\s"'?]+)([^\s"'?]*)`)

// lastURL is the host of the last URL that is a registry's: that of a known host, or one with a
// registry's path.
func lastURL(text string, known []string) (host string) {
	for _, url := range urls.FindAllStringSubmatch(text, -1) {
		if name := HostName(url[1]); slices.Contains(known, name) || strings.HasPrefix(url[2], "/v2/") {
			host = name
		}
	}
	return host
}

// lastReference is the known host that the last reference of a text is to.
func lastReference(text string, known []string) (last string) {
	at := -1
	for _, host := range known {
		if i := strings.LastIndex(text, host+"/"); i > at {
			at, last = i, host
		}
	}
	return last
}
