package machine

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWaitIdle(t *testing.T) {
	busy, idle := cpuTimes{idle: 20, all: 200}, cpuTimes{idle: 195, all: 200}
	for name, test := range map[string]struct {
		seconds []cpuTimes // what each second adds; the last one repeats
		want    bool
		looks   int
	}{
		"an idle machine needs two seconds in a row": {[]cpuTimes{idle}, true, 3},
		"waits for work to end":                      {[]cpuTimes{busy, busy, idle}, true, 5},
		"one idle second is not enough":              {[]cpuTimes{idle, busy, idle}, true, 5},
		"gives up at the limit":                      {[]cpuTimes{busy}, false, 11},
	} {
		t.Run(name, func(t *testing.T) {
			var sum cpuTimes
			looks := 0
			got := waitIdle(context.Background(), time.Microsecond, 10*time.Microsecond, func() (cpuTimes, error) {
				if looks > 0 {
					add := test.seconds[min(looks, len(test.seconds))-1]
					sum.idle, sum.all = sum.idle+add.idle, sum.all+add.all
				}
				looks++
				return sum, nil
			})
			require.Equal(t, test.want, got)
			require.Equal(t, test.looks, looks)
		})
	}
}

func TestWaitIdleStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.False(t, waitIdle(ctx, time.Hour, 10*time.Hour, func() (cpuTimes, error) { return cpuTimes{}, nil }))
}

func TestWaitIdleDoesNotWaitForWhatItCannotRead(t *testing.T) {
	require.True(t, waitIdle(context.Background(), time.Hour, 10*time.Hour, func() (cpuTimes, error) { return cpuTimes{}, errors.New("no such file") }))
}

func TestParseCPUTimes(t *testing.T) {
	got, err := parseCPUTimes("cpu  100 1 20 3000 5 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n")
	require.NoError(t, err)
	require.Equal(t, cpuTimes{idle: 3000, all: 3147}, got)

	_, err = parseCPUTimes("intr 5")
	require.Error(t, err)
}
