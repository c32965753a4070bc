package registrytest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRandom(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	statuses := func(seed uint64) (all []int) {
		fault := Random(seed, 0.3, Answer(http.StatusBadGateway, ""), Answer(http.StatusTooManyRequests, ""))
		for range 1000 {
			answer := httptest.NewRecorder()
			fault(answer, httptest.NewRequest(http.MethodGet, "/v2/", nil), ok)
			all = append(all, answer.Code)
		}
		return all
	}
	count := map[int]int{}
	for _, status := range statuses(1) {
		count[status]++
	}
	assert.InDelta(t, 700, count[http.StatusOK], 50)
	assert.InDelta(t, 150, count[http.StatusBadGateway], 40)
	assert.InDelta(t, 150, count[http.StatusTooManyRequests], 40)
	assert.Equal(t, statuses(1), statuses(1), "a failure can be had again")
	assert.NotEqual(t, statuses(1), statuses(2))
}
