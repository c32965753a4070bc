package main

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

// runtimeCommand is what a module's process is called in its container: https://github.com/dagger/dagger/tree/v0.17.2/core/sdk
const runtimeCommand = "/runtime"

// memoryInterval is how often the module's processes are looked at. They keep their peak, so that only what a process takes in its last
// moments is missed. To find them all processes have to be looked at, which takes enough of this machine to slow down what is measured: that
// is done every so many times.
const (
	memoryInterval = 50 * time.Millisecond
	findEvery      = 10
)

// watchMemory looks at the module's processes until the function that it returns is called, which tells the most that one of them took, in
// MB; 0 where this machine does not show them, because the engine is on another one.
func watchMemory(ctx context.Context) (peak func() float64) {
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

// runtimes are the directories of the module's processes that run now.
func runtimes(proc string) (found []string) {
	commands, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "cmdline")) // The pattern is well formed.
	for _, command := range commands {
		text, err := os.ReadFile(command)
		if err == nil && strings.SplitN(string(text), "\x00", 2)[0] == runtimeCommand { // An error is mostly a process that has ended meanwhile.
			found = append(found, filepath.Dir(command))
		}
	}
	return found
}

// peakOf reads the line "VmHWM:	  1234 kB" of a process's status, which is in KiB: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
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
