package status

import (
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// maxWait bounds the wait that a registry may ask for. A limit by the hour may be lifted earlier;
// and a run that waits for a year, because the registry is wrong, looks as if it hung.
const maxWait = 15 * time.Minute

// waitInBody matches ghcr.io's request to wait, which stands in the message of the error:
// "retry-after: 214.7ms, allowed: 2000/minute".
var waitInBody = regexp.MustCompile(`(?i)retry-after: *([0-9]+(?:\.[0-9]+)?(?:ms|µs|us|s|m|h))`)

// waitIn is how long a registry asks to wait, in the Retry-After header or in the body, and at most
// maxWait.
func waitIn(header, body string) time.Duration {
	return min(max(0, askedWait(header, body)), maxWait)
}

// askedWait reads both forms of the header, or else the body.
// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
func askedWait(header, body string) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(maxWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return time.Until(at)
	}
	if match := waitInBody.FindStringSubmatch(body); match != nil {
		if wait, err := time.ParseDuration(match[1]); err == nil {
			return wait
		}
	}
	return 0
}
