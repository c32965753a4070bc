package classify

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	"dagger/eval-images/reference"
)

// hubHosts are Docker Hub's other host names in URLs: its token server and its storage.
var hubHosts = []string{"auth.docker.io", "production.cloudflare.docker.com"}

// HostName returns the host of a URL as references name it.
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

// HostsOf returns the hosts of images, and skips empty references.
func HostsOf(images ...string) (hosts []string) {
	for _, image := range images {
		if image != "" {
			hosts = append(hosts, reference.Host(image))
		}
	}
	return hosts
}

// HostError is an error that knows the registry host it concerns. Its text is that of Err.
type HostError struct {
	// Host, as references name it.
	Host string
	Err  error
}

// AtHost adds the host to an error, as references or URLs name it. Nil stays nil.
func AtHost(host string, err error) error {
	if err == nil {
		return nil
	}
	return &HostError{Host: HostName(host), Err: err}
}

// Error returns the text of Err.
func (e *HostError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *HostError) Unwrap() error { return e.Err }

// HostOf returns the host that an attempt's error concerns. Known are the hosts that the attempt
// needs, its target first. An engine's error is only text, from what was done to what went wrong,
// so the last host in it counts. If it names none, a failed push concerns the target, and any
// earlier failure the next host.
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

// urls matches host and path of the URLs in an error.
var urls = regexp.MustCompile(`https?://(?:[^/\s"'@]*@)?([^/\s"'?]+)([^\s"'?]*)`)

// lastURL returns the host of the last URL of a registry: one at a known host, or one with a
// registry's path.
func lastURL(text string, known []string) (host string) {
	for _, url := range urls.FindAllStringSubmatch(text, -1) {
		if name := HostName(url[1]); slices.Contains(known, name) || strings.HasPrefix(url[2], "/v2/") {
			host = name
		}
	}
	return host
}

// lastReference returns the known host of the last reference in a text.
func lastReference(text string, known []string) (last string) {
	at := -1
	for _, host := range known {
		if i := strings.LastIndex(text, host+"/"); i > at {
			at, last = i, host
		}
	}
	return last
}
