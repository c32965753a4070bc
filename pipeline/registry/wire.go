package registry

import (
	"net/http"
	"sync/atomic"
)

// wire sends what the layers above it have made ready, and counts that.
type wire struct {
	next http.RoundTripper
	n    *atomic.Int64
}

// RoundTrip sends the request with its body from the start: when a token has expired, the layers above send the same request again, and
// its body has been read by then.
func (w wire) RoundTrip(request *http.Request) (*http.Response, error) {
	w.n.Add(1)
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		request = request.Clone(request.Context())
		request.Body = body
	}
	response, err := w.next.RoundTrip(request)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxAnswer+1) // The layers above read tokens to the end, whatever comes.
	}
	return response, err
}
