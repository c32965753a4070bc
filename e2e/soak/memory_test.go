package soak

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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// usage is what the module's function took of the machine while it ran.
type usage struct {
	// peakKB is the most memory that it ever had, and seen how much at each look, both resident.
	peakKB int
	seen   []memory
	// connections is the most that it had open to the registry.
	connections int
}

// memory is how much there was at a time.
type memory struct {
	at time.Time
	kb int
}

// makingKB is the most memory that was seen until then: while images were made, if that is when the
// registry was asked last. What follows is the manifest, which is as long as there are images.
func (u usage) makingKB(until time.Time) int {
	most := 0
	for _, m := range u.seen {
		if !m.at.After(until) {
			most = max(most, m.kb)
		}
	}
	return most
}

// watcher looks at the function's process while it runs. A container's processes are among those of
// the machine, as they share its kernel, and each container has a network of its own: the
// function's is the only one with a connection to the test's registry.
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
		w.usage.peakKB = max(w.usage.peakKB, peak)
		w.usage.seen = append(w.usage.seen, memory{time.Now(), now})
		w.usage.connections = max(w.usage.connections, w.connections(process))
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

// What the memory may be, in kilobytes, and what it was when that was decided. A function that does
// nothing has 17 MB.
const (
	// soakMakingKB is the most while images are made: 26 MB for the first 200, and 5 KB more for
	// each further one, its two records among that.
	soakMakingKB, soakGrowthKB = 40 << 10, 8
	// soakManifestKB is what may come on top for each image when the manifest is written: 2 KB of
	// text, in several copies.
	soakManifestKB = 40
)

// measureMemory makes more and more images, without faults.
func (s *soak) measureMemory(t *testing.T) {
	t.Helper()
	for _, part := range []int{10, 4, 2, 1} {
		r := s.newRoundOf(t, 0, s.IDs[:len(s.IDs)/part])
		s.memory = append(s.memory, r)
		r.run(t, s)
		require.Len(t, r.there, len(r.ids))
	}
	few, all := s.memory[0], s.memory[len(s.memory)-1]
	growth := float64(all.last().makingKB()-few.last().makingKB()) / float64(len(all.ids)-len(few.ids))
	assert.LessOrEqual(t, growth, float64(soakGrowthKB), "kilobytes for each further image")
}

// makingKB is the most memory while the run made images.
func (r *soakRun) makingKB() int { return r.usage.makingKB(r.storm.last) }

// assertMemory: what a run has in memory while it makes images hardly depends on how many there
// are.
func (r *soakRound) assertMemory(t *testing.T, this *soakRun) {
	t.Helper()
	if !this.began() {
		return // It may be over too soon to be seen.
	}
	require.NotEmpty(t, this.usage.seen, "the function's process was not found in /proc")
	making := soakMakingKB + len(r.ids)*soakGrowthKB
	assert.LessOrEqual(t, this.makingKB(), making, "kilobytes while images were made")
	assert.LessOrEqual(t, this.usage.peakKB, making+len(r.ids)*soakManifestKB, "kilobytes at most")
}
