package machine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// A machine is idle once its processors had nothing to do for IdleShare of the time, in
// IdleSeconds seconds in a row. WaitIdle waits for that no longer than IdleLimit.
const (
	IdleSeconds = 2
	IdleShare   = 0.9
	IdleLimit   = 30 * time.Second
)

// cpuTimes sums up what all processors have spent since the machine started, in ticks.
type cpuTimes struct{ idle, all float64 }

// WaitIdle waits until the machine is idle, and reports whether it is. After a call, the engine
// collects garbage, for seconds if its cache is large; the next run must not pay for that.
func WaitIdle(ctx context.Context) bool {
	// Hundreds of megabytes of base images may still have to be written, which a registry would
	// wait for. Without the command nothing is lost.
	_ = exec.CommandContext(ctx, "sync").Run()
	return waitIdle(ctx, time.Second, IdleLimit, func() (cpuTimes, error) {
		data, err := os.ReadFile("/proc/stat")
		if err != nil {
			return cpuTimes{}, err
		}
		return parseCPUTimes(string(data))
	})
}

// waitIdle looks once every interval. It does not wait if it cannot read the times, as outside
// Linux.
func waitIdle(ctx context.Context, interval, limit time.Duration, read func() (cpuTimes, error)) bool {
	before, err := read()
	if err != nil {
		return true
	}
	idle := 0
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
		idle++
		if now.idle-before.idle < IdleShare*(now.all-before.all) {
			idle = 0
		}
		if idle == IdleSeconds {
			return true
		}
		before = now
	}
	return false
}

// parseCPUTimes reads the first line of /proc/stat:
// https://man7.org/linux/man-pages/man5/proc_stat.5.html
func parseCPUTimes(stat string) (cpuTimes, error) {
	line, _, _ := strings.Cut(stat, "\n")
	var user, nice, system, idle, iowait, irq, softirq, steal float64
	_, err := fmt.Sscanf(line, "cpu %g %g %g %g %g %g %g %g", &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal)
	if err != nil {
		return cpuTimes{}, fmt.Errorf("reading /proc/stat: %w", err)
	}
	return cpuTimes{idle: idle, all: user + nice + system + idle + iowait + irq + softirq + steal}, nil
}
