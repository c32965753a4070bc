package main

import (
	"syscall"

	"dagger/eval-images/pipeline"
)

// diskReserve is how much is left of a disk that is full: file systems keep some back, and a command that finds no room may have taken
// away what it had begun.
const diskReserve = 64 << 20

// outOfSpace says of a failed build if the engine's disk is full.
func outOfSpace(err error) error {
	if free, known := engineSpace(); known && free < diskReserve {
		return &pipeline.DiskError{Err: err}
	}
	return err
}

// engineSpace is how many bytes the engine's disk has left. This process runs in a container of the engine's, whose root file system is
// on that disk.
func engineSpace() (free uint64, known bool) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs("/", &disk); err != nil {
		return 0, false
	}
	return disk.Bfree * uint64(disk.Bsize), true
}
