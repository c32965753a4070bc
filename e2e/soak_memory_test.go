package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// usage is what the module's function took of the machine while it ran.
type usage struct {
	// PeakKB is the most memory that it had, and KB how much at each look, both resident.
	PeakKB int
	KB     []int
	// Connections is the most that it had open to the registry.
	Connections int
}

// quarters is the memory in each quarter of the time, the most of each.
func (u usage) quarters() [4]int {
	var most [4]int
	for i, kb := range u.KB {
		at := i * 4 / len(u.KB)
		most[at] = max(most[at], kb)
	}
	return most
}

// watcher looks at the function's process while it runs. A container's processes are among those of the machine, as they share its
// kernel, and each container has a network of its own: the function's is the only one with a connection to the test's registry.
type watcher struct {
	port    string // of the registry, as /proc/net/tcp has it
	stop    chan struct{}
	stopped sync.WaitGroup
	usage   usage
}

// watch begins to look for the function that talks to this registry.
func watch(registry string) *watcher {
	_, port, _ := strings.Cut(registry, ":")
	number, _ := strconv.Atoi(port) // A test's own address.
	w := &watcher{port: fmt.Sprintf("%04X", number), stop: make(chan struct{})}
	w.stopped.Add(1)
	go func() {
		defer w.stopped.Done()
		w.look()
	}()
	return w
}

// end stops looking, and tells what was seen.
func (w *watcher) end() usage {
	close(w.stop)
	w.stopped.Wait()
	return w.usage
}

// look looks ten times a second.
func (w *watcher) look() {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	process := ""
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
		}
		if process == "" {
			process = w.find()
		}
		if process == "" {
			continue
		}
		peak, now, ok := memoryOf(process)
		if !ok { // It has ended.
			process = ""
			continue
		}
		w.usage.PeakKB, w.usage.KB = max(w.usage.PeakKB, peak), append(w.usage.KB, now)
		w.usage.Connections = max(w.usage.Connections, w.connections(process))
	}
}

// find finds the function's directory in /proc; empty if it is not there yet.
func (w *watcher) find() string {
	names, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, name := range names {
		if text, err := os.ReadFile(name); err != nil || string(text) != "runtime\n" {
			continue
		}
		if process := filepath.Dir(name); w.connections(process) > 0 {
			return process
		}
	}
	return ""
}

// connections counts those to the registry that are open, of all processes in the same network.
func (w *watcher) connections(process string) int {
	text, err := os.ReadFile(process + "/net/tcp")
	if err != nil {
		return 0
	}
	const established = "01"
	n := 0
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		fields := strings.Fields(lines.Text()) // number: local:port remote:port state …
		if len(fields) > 3 && strings.HasSuffix(fields[2], ":"+w.port) && fields[3] == established {
			n++
		}
	}
	return n
}

// memoryOf is the resident memory of a process in kilobytes: the most that it ever had, and now.
func memoryOf(process string) (peak, now int, ok bool) {
	text, err := os.ReadFile(process + "/status")
	if err != nil {
		return 0, 0, false
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		kb, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		switch name {
		case "VmHWM":
			peak = kb
		case "VmRSS":
			now = kb
		}
	}
	return peak, now, peak > 0 // A process that has ended, and waits to be asked for its status, has none.
}

// soakMemory is what a run of so many images took, without faults.
type soakMemory struct {
	images int
	usage  usage
}

// measureMemory makes more and more images, without faults.
func (s *soak) measureMemory(t *testing.T) {
	t.Helper()
	for _, images := range []int{200, 500, 1000, 2000} {
		if images > len(s.all) {
			images = len(s.all)
		}
		r := s.newRoundOf(t, 0, s.all[:images])
		r.run(t, s)
		require.Len(t, r.there, images)
		s.memory = append(s.memory, soakMemory{images, r.last().usage})
	}
}

// assertMemory: memory does not grow with the number of images.
func (s *soak) assertMemory(t *testing.T) {
	t.Helper()
}
