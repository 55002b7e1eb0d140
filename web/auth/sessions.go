package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Limits of a session. A session ends when nobody used it for Idle, and Absolute
// after its beginning however much it is used.
type Limits struct{ Idle, Absolute time.Duration }

// StandardLimits are a working day without use, and a week.
var StandardLimits = Limits{Idle: 12 * time.Hour, Absolute: 7 * 24 * time.Hour}

// touchEvery spares the database: a use within a minute of the last one noted
// is not noted again.
const touchEvery = time.Minute

// Sessions keeps signed-in browsers. The token is in the browser's cookie only;
// the database has its hash.
type Sessions struct {
	users  Users
	limits Limits
	now    func() time.Time
}

// NewSessions returns the keeper of sessions.
func NewSessions(users Users, limits Limits, now func() time.Time) *Sessions {
	return &Sessions{users: users, limits: limits, now: now}
}

// Begin starts a session for an account that has proved who it is, and ends the
// one that the browser had before: a token never outlives a sign-in.
func (s *Sessions) Begin(ctx context.Context, account orchestrator.Account, from, oldToken string) (token string, err error) {
	now := s.now()
	if err := s.users.DropExpiredSessions(ctx, now.Add(-s.limits.Idle), now.Add(-s.limits.Absolute)); err != nil {
		return "", fmt.Errorf("drop expired sessions: %w", err)
	}
	if oldToken != "" {
		if err := s.End(ctx, oldToken); err != nil {
			return "", err
		}
	}
	token = newToken()
	session := orchestrator.Session{TokenHash: hashToken(token), Account: account.Name, CreatedAt: now, SeenAt: now, From: from}
	if err := s.users.PutSession(ctx, session); err != nil {
		return "", fmt.Errorf("begin session: %w", err)
	}
	return token, nil
}

// Resolve returns who the token belongs to, with the role that the account has
// now. It answers Unauthorized for a token that is unknown or has ended.
func (s *Sessions) Resolve(ctx context.Context, token, from string) (orchestrator.Actor, error) {
	nobody := orchestrator.Actor{}
	hash := hashToken(token)
	session, err := s.users.Session(ctx, hash)
	if err != nil {
		return nobody, unknownSession(err)
	}
	now := s.now()
	if now.Sub(session.SeenAt) > s.limits.Idle || now.Sub(session.CreatedAt) > s.limits.Absolute {
		if err := s.users.DropSession(ctx, hash); err != nil {
			return nobody, fmt.Errorf("drop ended session: %w", err)
		}
		return nobody, orchestrator.Errorf(orchestrator.Unauthorized, "Your session has ended. Sign in again.")
	}
	account, err := s.users.Account(ctx, session.Account)
	if err != nil {
		return nobody, unknownSession(err)
	}
	if now.Sub(session.SeenAt) >= touchEvery {
		if err := s.users.TouchSession(ctx, hash, now); err != nil {
			return nobody, fmt.Errorf("note use of session: %w", err)
		}
	}
	return actorOf(account, from), nil
}

// End ends the session of a token; one that is unknown has ended already.
func (s *Sessions) End(ctx context.Context, token string) error {
	err := s.users.DropSession(ctx, hashToken(token))
	if err != nil && orchestrator.ErrorCode(err) != orchestrator.NotFound {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

func unknownSession(err error) error {
	if orchestrator.ErrorCode(err) == orchestrator.NotFound {
		return orchestrator.Errorf(orchestrator.Unauthorized, "Sign in to go on.")
	}
	return fmt.Errorf("look up session: %w", err)
}

// newToken is 256 random bits.
func newToken() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	return base64.RawURLEncoding.EncodeToString(raw)
}

// hashToken needs no salt and no cost: a token cannot be guessed.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
