package aws

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go/middleware"

	"github.com/slipwayhq/slipway/orchestrator/provider"
)

type journalKey struct{}

// fenced hands the journal to addFence.
func fenced(ctx context.Context, journal provider.Journal) context.Context {
	return context.WithValue(ctx, journalKey{}, journal)
}

// errFence marks a request that was not sent because the lease may be lost.
type errFence struct{ err error }

func (e *errFence) Error() string { return "lease: " + e.err.Error() }
func (e *errFence) Unwrap() error { return e.err }

// addFence proves the lease right before every single request that changes
// something, each retry of the SDK included: it sits inside the retry loop.
func addFence(stack *middleware.Stack) error {
	if readsOnly(stack.ID()) {
		return nil
	}
	fence := middleware.FinalizeMiddlewareFunc("SlipwayFence",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			journal, ok := ctx.Value(journalKey{}).(provider.Journal)
			if !ok {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, &errFence{errors.New("request outside of an operation")}
			}
			inside, release, err := journal.Fence(ctx)
			if err != nil {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, &errFence{err}
			}
			defer release()
			return next.HandleFinalize(inside, in)
		})
	if err := stack.Finalize.Insert(fence, "Retry", middleware.After); err != nil {
		return fmt.Errorf("place the fence: %w", err)
	}
	return nil
}

// readsOnly reports whether an operation's name says that it changes nothing.
func readsOnly(operation string) bool {
	return strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "Get")
}
