package control

import (
	"context"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// Account returns the account of that name, for whoever checks passwords. It is
// not for pages.
func (c *Control) Account(ctx context.Context, name string) (orchestrator.Account, error) {
	var account orchestrator.Account
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		account, err = tx.Account(ctx, name)
		return err
	})
	return account, err
}

// PutSession stores a new session and its audit row.
func (c *Control) PutSession(ctx context.Context, session orchestrator.Session) error {
	return c.inTx(ctx, func(tx *store.Tx) error {
		if err := tx.InsertSession(ctx, session); err != nil {
			return err
		}
		account, err := tx.Account(ctx, session.Account)
		if err != nil {
			return err
		}
		actor := orchestrator.Actor{Kind: orchestrator.ActorUser, Name: session.Account, Team: account.Team, From: session.From}
		return c.writeAudit(ctx, tx, actor, audited("session.sign_in", session.Account))
	})
}

// Session returns the session whose token has that hash.
func (c *Control) Session(ctx context.Context, tokenHash string) (orchestrator.Session, error) {
	var session orchestrator.Session
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		session, err = tx.Session(ctx, tokenHash)
		return err
	})
	return session, err
}

// TouchSession notes that a session was used just now.
func (c *Control) TouchSession(ctx context.Context, tokenHash string, at time.Time) error {
	return c.inTx(ctx, func(tx *store.Tx) error { return tx.TouchSession(ctx, tokenHash, at) })
}

// DropSession ends a session.
func (c *Control) DropSession(ctx context.Context, tokenHash string) error {
	return c.inTx(ctx, func(tx *store.Tx) error { return tx.DeleteSession(ctx, tokenHash) })
}

// DropExpiredSessions removes sessions that were not used since seenBefore, or
// that began before createdBefore.
func (c *Control) DropExpiredSessions(ctx context.Context, seenBefore, createdBefore time.Time) error {
	return c.inTx(ctx, func(tx *store.Tx) error { return tx.DeleteExpiredSessions(ctx, seenBefore, createdBefore) })
}

// NoteRefusedSignIn writes the audit row of a sign-in that failed.
func (c *Control) NoteRefusedSignIn(ctx context.Context, name, from string) error {
	return c.inTx(ctx, func(tx *store.Tx) error {
		name = name[:min(len(name), maxLine)] // a stranger's word: not longer than any name could be
		actor := orchestrator.Actor{Kind: orchestrator.ActorUser, Name: name, Team: orchestrator.DefaultTeam, From: from}
		return c.writeAudit(ctx, tx, actor, audited("session.refused", name))
	})
}

// Ready reports whether requests can be served: the database answers.
func (c *Control) Ready(ctx context.Context) error {
	return c.view(ctx, func(tx *store.Tx) error {
		_, _, err := tx.Setting(ctx, settingInstallation)
		return err
	})
}
