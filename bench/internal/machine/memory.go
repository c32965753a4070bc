package machine

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// runtimeCommand is the command of a module's process in its container:
// https://github.com/dagger/dagger/tree/v0.17.2/core/sdk
const runtimeCommand = "/runtime"

// A process keeps its peak, so looking every memoryInterval misses only what it takes in its last
// moments. Finding the processes means reading all of /proc, which would slow down what is
// measured, so that happens at every findEvery-th look only.
const (
	memoryInterval = 50 * time.Millisecond
	findEvery      = 10
)

const megabyte = 1_000_000

// WatchMemory watches the module's processes until peak is called. That returns the largest peak
// of one process in MB; 0 if the engine runs on another machine.
func WatchMemory(ctx context.Context) (peak func() float64) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	var most float64
	done.Add(1)
	go func() {
		defer done.Done()
		tick := time.NewTicker(memoryInterval)
		defer tick.Stop()
		var found []string
		for looks := 0; ; looks++ {
			if looks%findEvery == 0 {
				found = runtimes("/proc")
			}
			for _, process := range found {
				most = max(most, peakOf(filepath.Join(process, "status")))
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() float64 { cancel(); done.Wait(); return most }
}

// runtimes lists the directories of the module's running processes.
func runtimes(proc string) (found []string) {
	commands, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "cmdline")) // The pattern is well formed.
	for _, command := range commands {
		text, err := os.ReadFile(command)
		// An error mostly means that the process has ended.
		if err == nil && strings.SplitN(string(text), "\x00", 2)[0] == runtimeCommand {
			found = append(found, filepath.Dir(command))
		}
	}
	return found
}

// peakOf reads the line "VmHWM: 1234 kB" of a process's status, where kB means KiB:
// https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
func peakOf(status string) float64 {
	file, err := os.Open(status)
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) == 3 && fields[0] == "VmHWM:" {
			kib, _ := strconv.ParseFloat(fields[1], 64)
			return kib * 1024 / megabyte
		}
	}
	return 0
}
