package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// What a machine at rest is: for so many seconds in a row its processors had nothing to do for this share of the time.
const (
	restSeconds = 2
	restShare   = 0.9
	restLimit   = 30 * time.Second
)

// cpuTimes are what all processors have spent since the machine started, in ticks.
type cpuTimes struct{ idle, all float64 }

// settle waits until the machine is at rest, so that no way is measured beside what the one before left to do: the engine tidies its
// cache after a call, for seconds where it holds much. It says whether the machine came to rest.
func settle(ctx context.Context) bool {
	// A registry waits for the disk, which would have hundreds of megabytes of base images to write. Without the command nothing is lost.
	_ = exec.CommandContext(ctx, "sync").Run()
	return settled(ctx, time.Second, restLimit, func() (cpuTimes, error) {
		data, err := os.ReadFile("/proc/stat")
		if err != nil {
			return cpuTimes{}, err
		}
		return parseCPUTimes(string(data))
	})
}

// settled looks once every interval. Where the times cannot be read, as outside Linux, it does not wait.
func settled(ctx context.Context, interval, limit time.Duration, read func() (cpuTimes, error)) bool {
	before, err := read()
	if err != nil {
		return true
	}
	resting := 0
	for range int(limit / interval) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(interval):
		}
		now, err := read()
		if err != nil {
			return true
		}
		resting++
		if now.idle-before.idle < restShare*(now.all-before.all) {
			resting = 0
		}
		if resting == restSeconds {
			return true
		}
		before = now
	}
	return false
}

// parseCPUTimes reads the first line of /proc/stat: https://man7.org/linux/man-pages/man5/proc_stat.5.html
func parseCPUTimes(stat string) (cpuTimes, error) {
	line, _, _ := strings.Cut(stat, "\n")
	var user, nice, system, idle, iowait, irq, softirq, steal float64
	_, err := fmt.Sscanf(line, "cpu %g %g %g %g %g %g %g %g", &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal)
	if err != nil {
		return cpuTimes{}, fmt.Errorf("reading /proc/stat: %w", err)
	}
	return cpuTimes{idle: idle, all: user + nice + system + idle + iowait + irq + softirq + steal}, nil
}
