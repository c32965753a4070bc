package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSettled(t *testing.T) {
	busy, idle := cpuTimes{idle: 20, all: 200}, cpuTimes{idle: 195, all: 200}
	for name, test := range map[string]struct {
		seconds []cpuTimes // what each one adds; the last one goes on
		want    bool
		looks   int
	}{
		"a machine at rest is waited for as long as it takes to see that": {[]cpuTimes{idle}, true, 3},
		"work is waited for":                                            {[]cpuTimes{busy, busy, idle}, true, 5},
		"work that stops for a second is not rest":                      {[]cpuTimes{idle, busy, idle}, true, 5},
		"a machine that never rests is not waited for beyond the limit": {[]cpuTimes{busy}, false, 11},
	} {
		t.Run(name, func(t *testing.T) {
			var sum cpuTimes
			looks := 0
			got := settled(context.Background(), time.Microsecond, 10*time.Microsecond, func() (cpuTimes, error) {
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

func TestSettledStopsWhenToldTo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.False(t, settled(ctx, time.Hour, 10*time.Hour, func() (cpuTimes, error) { return cpuTimes{}, nil }))
}

func TestSettledDoesNotWaitForWhatCannotBeRead(t *testing.T) {
	require.True(t, settled(context.Background(), time.Hour, 10*time.Hour, func() (cpuTimes, error) { return cpuTimes{}, errors.New("no such file") }))
}

func TestParseCPUTimes(t *testing.T) {
	got, err := parseCPUTimes("cpu  100 1 20 3000 5 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n")
	require.NoError(t, err)
	require.Equal(t, cpuTimes{idle: 3000, all: 3147}, got)

	_, err = parseCPUTimes("intr 5")
	require.Error(t, err)
}
