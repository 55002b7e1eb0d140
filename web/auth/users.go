package auth

import (
	"context"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Users is where accounts and sessions are kept; control satisfies it.
type Users interface {
	// Account answers NotFound for a name that nobody has.
	Account(ctx context.Context, name string) (orchestrator.Account, error)
	PutSession(ctx context.Context, session orchestrator.Session) error
	// Session answers NotFound for a hash that no session has.
	Session(ctx context.Context, tokenHash string) (orchestrator.Session, error)
	TouchSession(ctx context.Context, tokenHash string, at time.Time) error
	DropSession(ctx context.Context, tokenHash string) error
	DropExpiredSessions(ctx context.Context, seenBefore, createdBefore time.Time) error
	// NoteRefusedSignIn writes the audit row of a sign-in that failed.
	NoteRefusedSignIn(ctx context.Context, name, from string) error
}

// actorOf is the account as it asks.
func actorOf(account orchestrator.Account, from string) orchestrator.Actor {
	return orchestrator.Actor{Kind: orchestrator.ActorUser, Name: account.Name, Team: account.Team, Role: account.Role, From: from}
}
