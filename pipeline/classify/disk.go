package classify

// DiskError reports that a build failed while the disk of the engine's machine was full. A
// Dockerfile command without disk space only prints that, and then fails like any other command.
type DiskError struct {
	// Err is the error of the build.
	Err error
}

// Error adds the full disk to the error of the build.
func (e *DiskError) Error() string { return e.Err.Error() + " (no space left on the engine's disk)" }

// Unwrap returns the error of the build.
func (e *DiskError) Unwrap() error { return e.Err }

// Cause is fatal: the next image would find no space either.
func (e *DiskError) Cause() Result { return Result{Class: Fatal, Advice: AdviceDisk} }
