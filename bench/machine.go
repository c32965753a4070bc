package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine is what the figures depend on.
type machine struct {
	CPU      string  `json:"cpu"`
	Cores    int     `json:"cores"`
	MemoryGB float64 `json:"memory_gb"`
	Kernel   string  `json:"kernel"`
	Load     string  `json:"load"` // average of the minute before
	Docker   string  `json:"docker"`
	Dagger   string  `json:"dagger"`
	Go       string  `json:"go"`
	Commit   string  `json:"commit"`
}

// String is the machine for people.
func (m machine) String() string {
	return fmt.Sprintf("%d cores of %s, %.0f GB of memory, Linux %s, Docker %s, Dagger %s, with a load of %s before",
		m.Cores, m.CPU, m.MemoryGB, m.Kernel, m.Docker, m.Dagger, m.Load)
}

// machineOf describes this machine. What cannot be found out is empty: it must not cost the measurement.
func machineOf(ctx context.Context, root string) machine {
	m := machine{
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

// fieldOf is the first value of a name in a file of lines "name: value".
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
