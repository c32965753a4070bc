package registrytest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// Answer is an answer without the registry. Headers are names and values in turn.
func Answer(status int, body string, headers ...string) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body) // A client that has gone needs no answer.
	}
}

// Page is a page of HTML from something in front of the registry: a load balancer, a proxy, a login
// page.
func Page(status int) Fault {
	text := fmt.Sprintf("<html>\r\n<head><title>%[1]d %[2]s</title></head>\r\n<body>\r\n<center><h1>%[1]d %[2]s</h1></center>\r\n"+
		"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n", status, http.StatusText(status))
	return Answer(status, text, "Content-Type", "text/html")
}

// Torn lets the registry answer, and cuts the connection after half of the body. The headers
// declare the full length.
func Torn() Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		answer := httptest.NewRecorder()
		registry.ServeHTTP(answer, r)
		maps.Copy(w.Header(), answer.Header())
		w.Header().Set("Content-Length", strconv.Itoa(max(2, answer.Body.Len())))
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes()[:answer.Body.Len()/2]) // A client that has gone needs no answer.
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Lost lets the registry handle the request, and cuts the connection before the answer.
func Lost() Fault {
	return func(_ http.ResponseWriter, r *http.Request, registry http.Handler) {
		registry.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
}

// Delay lets the registry answer later.
func Delay(d time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		if wait(r, d) {
			registry.ServeHTTP(w, r)
		}
	}
}

// NoMount hides from the registry that the client asks for a mount. The answer is that of a
// registry that does not mount.
func NoMount() Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		r.URL.RawQuery = ""
		registry.ServeHTTP(w, r)
	}
}

// Status lets the registry handle the request, and replaces the status of the answer. It removes
// some headers.
func Status(status int, without ...string) Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		answer := httptest.NewRecorder()
		registry.ServeHTTP(answer, r)
		maps.Copy(w.Header(), answer.Header())
		for _, name := range without {
			w.Header().Del(name)
		}
		w.WriteHeader(status)
	}
}

// Has reports whether a registry has what a request is about.
func Has(registry http.Handler, r *http.Request) bool {
	answer := httptest.NewRecorder()
	registry.ServeHTTP(answer, httptest.NewRequest(http.MethodHead, r.URL.Path, nil))
	return answer.Code == http.StatusOK
}

// Mounts is a fault of requests for a mount only.
func Mounts(fault Fault) Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		if !r.URL.Query().Has("mount") {
			registry.ServeHTTP(w, r)
			return
		}
		fault(w, r, registry)
	}
}

// Stall makes the client wait until it gives up, at most for this time.
func Stall(longest time.Duration) Fault {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		io.Copy(io.Discard, r.Body) // Only then the server looks whether the client is still there.
		wait(r, longest)
		panic(http.ErrAbortHandler)
	}
}

// Cut reads so many bytes of the request's body, and cuts the connection.
func Cut(after int64) Fault {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		io.CopyN(io.Discard, r.Body, after) // A body that is shorter is cut at its end.
		panic(http.ErrAbortHandler)
	}
}

// wait waits, and reports whether the client is still there afterwards.
func wait(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
