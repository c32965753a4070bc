package machine

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// EngineDiskMB is what the engine keeps on its disk, in MB.
func EngineDiskMB(ctx context.Context, root string) (float64, error) {
	text := output(ctx, root, "dagger", "core", "engine", "local-cache", "entry-set", "disk-space-bytes")
	bytes, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return 0, fmt.Errorf("asking the engine for the size of its cache: %w", err)
	}
	return bytes / megabyte, nil
}
