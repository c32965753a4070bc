package throttle

import "context"

// effort is a piece of work with all its attempts and their requests. Failures are counted by
// efforts. It is not empty, so that each has an address of its own.
type effort struct{ _ byte }

type effortKey struct{}

// under returns the context of an attempt. It carries nothing but the effort: many efforts share a
// registry client, so the client cannot know whose request it sends.
func (who *effort) under(ctx context.Context) context.Context {
	return context.WithValue(ctx, effortKey{}, who)
}

// effortOf is the effort that a request belongs to. Nil: it belongs to no attempt.
func effortOf(ctx context.Context) *effort {
	who, _ := ctx.Value(effortKey{}).(*effort)
	return who
}
