package classify

// DiskError is an image that could not be built while the disk of the machine that runs the engine
// was full. A command of a Dockerfile that finds no room says so only in what it prints, and then
// fails as it does for any other reason.
type DiskError struct {
	// Err is how the build failed.
	Err error
}

// Error says that there was no room, beside how the build failed.
func (e *DiskError) Error() string { return e.Err.Error() + " (no space left on the engine's disk)" }

// Unwrap gives how the build failed.
func (e *DiskError) Unwrap() error { return e.Err }

// Cause is fatal: the next image would find no room either.
func (e *DiskError) Cause() Result { return Result{Class: Fatal, Advice: AdviceDisk} }
