package main

import (
	"context"
	"fmt"
	"time"

	"dagger/eval-images/pipeline/registry"
)

// patience is how long [open] waits for a registry before it says so.
const patience = 10 * time.Second

// open connects to the registry of these repositories: see [registry.Access.Open]. That waits as long
// as the registry asks for, which may be minutes. A line in the log then tells why nothing happens.
func open(ctx context.Context, access registry.Access, repositories ...string) (*registry.Client, error) {
	waiting := time.AfterFunc(patience, func() {
		report(fmt.Sprintf("waiting for the registry of %s to answer", repositories[0]))
	})
	defer waiting.Stop()
	return access.Open(ctx, repositories...)
}
