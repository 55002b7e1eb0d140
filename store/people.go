package store

import (
	"context"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/database"
)

const accountColumns = "name, password_hash, role, team, created_at"

func scanAccount(row scanner) (a orchestrator.Account, err error) {
	var createdAt int64
	err = row.Scan(&a.Name, &a.PasswordHash, &a.Role, &a.Team, &createdAt)
	a.CreatedAt = database.Time(createdAt)
	return a, err
}

// PutAccount stores an account, or changes the one with that name.
func (t *Tx) PutAccount(ctx context.Context, a orchestrator.Account) error {
	_, err := t.exec(ctx, "write account", "INSERT INTO accounts ("+accountColumns+`) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash, role = excluded.role, team = excluded.team`,
		a.Name, a.PasswordHash, string(a.Role), a.Team, database.Micros(a.CreatedAt))
	return err
}

// Account returns the account with that name.
func (t *Tx) Account(ctx context.Context, name string) (orchestrator.Account, error) {
	return queryOne(ctx, t, notFound("User", name), "read account", scanAccount, "SELECT "+accountColumns+" FROM accounts WHERE name = $1", name)
}

const sessionColumns = "token_hash, account, created_at, seen_at, remote_addr"

func scanSession(row scanner) (s orchestrator.Session, err error) {
	var createdAt, seenAt int64
	err = row.Scan(&s.TokenHash, &s.Account, &createdAt, &seenAt, &s.From)
	s.CreatedAt, s.SeenAt = database.Time(createdAt), database.Time(seenAt)
	return s, err
}

// InsertSession stores a new session.
func (t *Tx) InsertSession(ctx context.Context, s orchestrator.Session) error {
	_, err := t.exec(ctx, "insert session", "INSERT INTO sessions ("+sessionColumns+") VALUES ($1, $2, $3, $4, $5)",
		s.TokenHash, s.Account, database.Micros(s.CreatedAt), database.Micros(s.SeenAt), s.From)
	if database.Classify(err) == database.FailureReference {
		return notFound("User", s.Account)
	}
	return err
}

// Session returns the session of a token's hash. Its absence says nothing of
// the token.
func (t *Tx) Session(ctx context.Context, tokenHash string) (orchestrator.Session, error) {
	missing := orchestrator.Errorf(orchestrator.NotFound, "no such session: sign in again")
	return queryOne(ctx, t, missing, "read session", scanSession, "SELECT "+sessionColumns+" FROM sessions WHERE token_hash = $1", tokenHash)
}

// TouchSession notes that a session was used.
func (t *Tx) TouchSession(ctx context.Context, tokenHash string, at time.Time) error {
	_, err := t.exec(ctx, "touch session", "UPDATE sessions SET seen_at = $1 WHERE token_hash = $2", database.Micros(at), tokenHash)
	return err
}

// DeleteSession ends a session; gone already is fine.
func (t *Tx) DeleteSession(ctx context.Context, tokenHash string) error {
	_, err := t.exec(ctx, "delete session", "DELETE FROM sessions WHERE token_hash = $1", tokenHash)
	return err
}

// DeleteExpiredSessions ends the sessions last used, or made, before the times.
func (t *Tx) DeleteExpiredSessions(ctx context.Context, seenBefore, createdBefore time.Time) error {
	_, err := t.exec(ctx, "delete expired sessions", "DELETE FROM sessions WHERE seen_at < $1 OR created_at < $2", database.Micros(seenBefore), database.Micros(createdBefore))
	return err
}
