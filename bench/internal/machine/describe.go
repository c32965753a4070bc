// Package machine tells what a benchmark runs on: what the machine is, whether it is idle, and how
// much memory the module takes.
package machine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Description is what the figures of a benchmark depend on. Unknown fields are empty.
type Description struct {
	CPU      string  `json:"cpu"`
	Cores    int     `json:"cores"`
	MemoryGB float64 `json:"memory_gb"`
	Kernel   string  `json:"kernel"`
	Load     string  `json:"load"` // average of the minute before the start
	Docker   string  `json:"docker"`
	Dagger   string  `json:"dagger"`
	Go       string  `json:"go"`
	Commit   string  `json:"commit"`
}

// String describes the machine in a sentence.
func (m Description) String() string {
	return fmt.Sprintf("%d cores of %s, %.0f GB of memory, Linux %s, Docker %s, Dagger %s, load %s at the start",
		m.Cores, m.CPU, m.MemoryGB, m.Kernel, m.Docker, m.Dagger, m.Load)
}

// Describe describes this machine, and the commit of the repository at root. It leaves out what it
// cannot find.
func Describe(ctx context.Context, root string) Description {
	m := Description{
		CPU:    fieldOf("/proc/cpuinfo", "model name"),
		Cores:  runtime.NumCPU(),
		Docker: output(ctx, root, "docker", "version", "--format", "{{.Server.Version}}"),
		Go:     runtime.Version(),
		Commit: output(ctx, root, "git", "rev-parse", "--short", "HEAD"),
	}
	var kilobytes float64
	_, _ = fmt.Sscanf(fieldOf("/proc/meminfo", "MemTotal"), "%f kB", &kilobytes)
	m.MemoryGB = kilobytes * 1024 / 1e9
	m.Kernel, m.Load = firstWord("/proc/sys/kernel/osrelease"), firstWord("/proc/loadavg")
	if words := strings.Fields(output(ctx, root, "dagger", "version")); len(words) > 1 {
		m.Dagger = words[1]
	}
	return m
}

// fieldOf returns the first value of a field in a file of lines "field: value".
func fieldOf(path, field string) string {
	data, _ := os.ReadFile(path)
	for _, line := range strings.Split(string(data), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == field {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func firstWord(path string) string {
	data, _ := os.ReadFile(path)
	word, _, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	return word
}

func output(ctx context.Context, dir, program string, args ...string) string {
	command := exec.CommandContext(ctx, program, args...)
	command.Dir = dir
	text, _ := command.Output()
	return strings.TrimSpace(string(text))
}
