package registrytest

import (
	"math/rand/v2"
	"net/http"
	"sync/atomic"
)

// Random strikes this share of the requests that it gets, each with one of the faults, and lets the
// registry answer the others. What happens to a request depends on the seed and on how many came
// before it, and on nothing else.
func Random(seed uint64, share float64, faults ...Fault) Fault {
	var n atomic.Uint64
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		chance := rand.New(rand.NewPCG(seed, n.Add(1)))
		if chance.Float64() >= share {
			registry.ServeHTTP(w, r)
			return
		}
		faults[chance.IntN(len(faults))](w, r, registry)
	}
}
