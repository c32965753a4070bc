package main

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// encapsulate tells Dagger's terminal and Dagger Cloud to hide a span's children unless the span fails.
// https://github.com/dagger/dagger/blob/v0.17.2/sdk/go/telemetry/attrs.go
var encapsulate = attribute.Bool("dagger.io/ui.encapsulate", true)

// span shows a unit of work by its name in the terminal and in traces. The function it returns ends the span, with the error
// of a unit that failed.
//
// It is plain OpenTelemetry: not every version of Dagger's generator makes a telemetry package for modules.
func span(ctx context.Context, unit string) (context.Context, func(error)) {
	ctx, span := Tracer().Start(ctx, unit, trace.WithAttributes(encapsulate))
	return ctx, func(err error) {
		if err != nil {
			span.RecordError(err)
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}
