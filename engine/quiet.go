package engine

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// quiet has the engine do what is done under the context without a trace of each step. Of a base
// image that is built every step is worth seeing. But to ask for an image, or to assemble one, is a
// dozen calls whose names tell nothing that the record does not, and to note them costs the engine
// more than to do them, and the terminal some hundred lines an image. An error comes back all the
// same.
func quiet(ctx context.Context) context.Context {
	span := trace.SpanContextFromContext(ctx)
	return trace.ContextWithSpanContext(ctx, span.WithTraceFlags(span.TraceFlags().WithSampled(false)))
}
