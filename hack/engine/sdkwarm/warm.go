// Package sdkwarm imports what a Dagger module in Go is compiled from, apart
// from its own code. image.sh compiles it into the caches of the Go SDK's
// image, so that the first `dagger call` on a machine does not have to.
//
// Nothing breaks when a module needs something else, or another version: that
// is downloaded and compiled then, once.
package sdkwarm

import (
	// The engine's code generator copies these two into a module.
	_ "dagger.io/dagger/querybuilder"
	_ "dagger.io/dagger/telemetry"

	// Generated code calls these.
	_ "github.com/Khan/genqlient/graphql"
	_ "github.com/vektah/gqlparser/v2/gqlerror"

	// This project's own packages import these.
	_ "github.com/apache/arrow-go/v18/parquet/file"
	_ "github.com/google/go-containerregistry/pkg/v1/remote"
	_ "github.com/klauspost/compress/snappy"
	_ "github.com/klauspost/compress/zstd"
	_ "github.com/sourcegraph/conc/pool"
)
