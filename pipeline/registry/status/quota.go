package status

import (
	"cmp"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// maxQuota bounds what a registry may say of its quota. Longer times are mistakes: no quota of pulls
// is known to last for more than a day.
const maxQuota = 7 * 24 * time.Hour

var (
	// quotaReset matches the seconds to the end of a quota, in the forms that the draft of the header
	// RateLimit had one after another: "limit=100, remaining=0, reset=3600" and "default";r=0;t=3600.
	// https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
	quotaReset = regexp.MustCompile(`(?i)\b(?:reset|t)=([0-9]+)`)
	// quotaWindow matches the seconds that a quota counts over, such as Docker Hub's
	// "ratelimit-limit: 100;w=21600".
	// https://docs.docker.com/docker-hub/usage/pulls/#view-hourly-pull-rate-and-limit
	quotaWindow = regexp.MustCompile(`(?i)\bw=([0-9]+)`)
)

// againIn is the time after which a registry allows pulls again, as its headers say; zero if they
// say nothing.
func againIn(header http.Header) time.Duration {
	return cmp.Or(
		quotaTime(header.Get("Retry-After")), quotaTime(header.Get("RateLimit-Reset")), quotaTime(matched(quotaReset, header.Get("RateLimit"))),
	)
}

// windowIn is the time that a registry's quota counts over, as its headers say; zero if they say
// nothing.
func windowIn(header http.Header) time.Duration {
	return cmp.Or(
		quotaTime(matched(quotaWindow, header.Get("RateLimit-Limit"))), quotaTime(matched(quotaWindow, header.Get("RateLimit-Policy"))),
	)
}

// matched is what the expression's group matches of a text; empty if nothing does.
func matched(expression *regexp.Regexp, text string) string {
	if found := expression.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

// quotaTime reads seconds from now, seconds since 1970, which some send as RateLimit-Reset, or a
// date. It is zero for anything else, and for what is over or too far away.
func quotaTime(text string) time.Duration {
	var left time.Duration
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch {
		case seconds > int64(1e9):
			left = time.Until(time.Unix(seconds, 0))
		default:
			left = time.Duration(seconds) * time.Second
		}
	} else if at, err := http.ParseTime(text); err == nil {
		left = time.Until(at)
	}
	if left <= 0 || left > maxQuota {
		return 0
	}
	return left
}
