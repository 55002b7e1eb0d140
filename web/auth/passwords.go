package auth

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Passwords is the way in by name and password.
type Passwords struct {
	users   Users
	limiter *Limiter
	// guesses bounds how many hashes are computed at once: each takes 64 MiB.
	guesses chan struct{}
	// nobody is the hash that a name without account is checked against, so
	// that the answer takes as long.
	nobody string
}

// maxName bounds what is looked up and noted as a name, in bytes.
const maxName = 256

// nobodysName stands for names that no account can have: too long, or not text.
// Such a guess is refused and noted as any other, without what was sent.
const nobodysName = "(no possible name)"

func possibleName(name string) string {
	if len(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return nobodysName
	}
	return name
}

// maxGuesses is how many passwords are checked at once.
const maxGuesses = 4

// NewPasswords returns the way in by password.
func NewPasswords(users Users, limiter *Limiter) (*Passwords, error) {
	nobody, err := HashPassword("nobody has this password")
	if err != nil {
		return nil, err
	}
	return &Passwords{users: users, limiter: limiter, guesses: make(chan struct{}, maxGuesses), nobody: nobody}, nil
}

// Check returns the account whose name and password these are. It answers
// Unauthorized with one sentence for every kind of wrong, and TooMany for who
// tries too often.
func (p *Passwords) Check(ctx context.Context, name, password, from string) (orchestrator.Account, error) {
	name = possibleName(name)
	if !p.limiter.Allow(from, name) {
		return orchestrator.Account{}, orchestrator.Errorf(orchestrator.TooMany, "Too many tries. Wait a minute and try again.").After(p.limiter.window)
	}
	account, err := p.users.Account(ctx, name)
	if err != nil && orchestrator.ErrorCode(err) != orchestrator.NotFound {
		return orchestrator.Account{}, fmt.Errorf("look up account: %w", err)
	}
	hash := account.PasswordHash
	if hash == "" {
		hash = p.nobody
	}
	select {
	case p.guesses <- struct{}{}:
		defer func() { <-p.guesses }()
	case <-ctx.Done():
		return orchestrator.Account{}, ctx.Err()
	}
	if !CheckPassword(hash, password) || account.PasswordHash == "" {
		if err := p.users.NoteRefusedSignIn(ctx, name, from); err != nil {
			return orchestrator.Account{}, fmt.Errorf("note refused sign-in: %w", err)
		}
		return orchestrator.Account{}, orchestrator.Errorf(orchestrator.Unauthorized, "Name or password is wrong.")
	}
	p.limiter.Forget(from, name)
	return account, nil
}
