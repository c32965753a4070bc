package engine

import (
	"os"
	"syscall"

	"dagger/eval-images/pipeline/classify"
)

// diskReserve is how much is left of a disk that is full: file systems keep some back, and a
// command that finds no room may have taken away what it had begun.
const diskReserve = 64 << 20

// outOfSpace says of a failed build if the engine's disk is full.
func outOfSpace(err error) error {
	if free, known := engineSpace(); known && free < diskReserve {
		return &classify.DiskError{Err: err}
	}
	return err
}

// engineSpace is how many bytes the engine's disk has left. This process runs in a container of the
// engine's, whose root file system is on that disk.
func engineSpace() (free uint64, known bool) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs("/", &disk); err != nil {
		return 0, false
	}
	return disk.Bfree * uint64(disk.Bsize), true
}

// ballastSize is what a run keeps of the engine's disk for its own end.
const ballastSize = 4 << 20

// Ballast takes some of the engine's disk, and gives it back when the function that it returns is
// called. On a disk without a byte left the engine cannot even hand over why the run ended.
func Ballast() (release func()) {
	file, err := os.CreateTemp("", "ballast")
	if err != nil {
		return func() {} // There is no room already: the first image will say so.
	}
	_, _ = file.Write(make([]byte, ballastSize)) // As much as there is.
	_ = file.Sync()
	_ = file.Close()
	return func() { _ = os.Remove(file.Name()) }
}
