package auth

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

// people keeps accounts and sessions in memory; refused counts audit rows.
type people struct {
	accounts map[string]orchestrator.Account
	sessions map[string]orchestrator.Session
	refused  int
}

func notFound() error { return orchestrator.Errorf(orchestrator.NotFound, "no such thing") }

func (p *people) Account(_ context.Context, name string) (orchestrator.Account, error) {
	if a, ok := p.accounts[name]; ok {
		return a, nil
	}
	return orchestrator.Account{}, notFound()
}

func (p *people) PutSession(_ context.Context, s orchestrator.Session) error {
	p.sessions[s.TokenHash] = s
	return nil
}

func (p *people) Session(_ context.Context, hash string) (orchestrator.Session, error) {
	if s, ok := p.sessions[hash]; ok {
		return s, nil
	}
	return orchestrator.Session{}, notFound()
}

func (p *people) TouchSession(_ context.Context, hash string, at time.Time) error {
	s := p.sessions[hash]
	s.SeenAt = at
	p.sessions[hash] = s
	return nil
}

func (p *people) DropSession(_ context.Context, hash string) error {
	delete(p.sessions, hash)
	return nil
}

func (p *people) DropExpiredSessions(_ context.Context, seen, created time.Time) error {
	for hash, s := range p.sessions {
		if s.SeenAt.Before(seen) || s.CreatedAt.Before(created) {
			delete(p.sessions, hash)
		}
	}
	return nil
}

func (p *people) NoteRefusedSignIn(context.Context, string, string) error {
	p.refused++
	return nil
}

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newPeople(t *testing.T) *people {
	t.Helper()
	hash, err := HashPassword("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	return &people{
		accounts: map[string]orchestrator.Account{
			"ada":   {Name: "ada", PasswordHash: hash, Role: orchestrator.Operator, Team: "default_tenant"},
			"grace": {Name: "grace", Role: orchestrator.User, Team: "default_tenant"},
		},
		sessions: map[string]orchestrator.Session{},
	}
}

func TestPasswordHash(t *testing.T) {
	first, err := HashPassword("secret")
	if err != nil {
		t.Fatal(err)
	}
	second, _ := HashPassword("secret")
	if first == second {
		t.Error("the same password has the same hash twice: the salt is not fresh")
	}
	if !strings.HasPrefix(first, "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Errorf("not a PHC string of the standard cost: %s", first)
	}
	cases := map[string]struct {
		reason, hash, password string
		want                   bool
	}{
		"OK":       {"the password", first, "secret", true},
		"Wrong":    {"another one", first, "Secret", false},
		"Empty":    {"none", first, "", false},
		"NoHash":   {"an account without password takes none", "", "", false},
		"Garbage":  {"what cannot be read fits nothing", "$argon2id$v=19$m=x$$", "secret", false},
		"HugeCost": {"a forged cost is refused, not paid", "$argon2id$v=19$m=4294967295,t=3,p=4$c2FsdHNhbHRzYWx0c2E$" + strings.Repeat("A", 43), "secret", false},
		"NoKey":    {"an empty key fits nothing", "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2E$", "secret", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := CheckPassword(tc.hash, tc.password); got != tc.want {
				t.Errorf("%s: CheckPassword = %v, want %v", tc.reason, got, tc.want)
			}
		})
	}
}

func TestPasswordsCheck(t *testing.T) {
	cases := map[string]struct {
		reason         string
		name, password string
		want           orchestrator.Code
		refused        int
	}{
		"OK":         {"the account's own password", "ada", "correct horse", "", 0},
		"Wrong":      {"another password leaves an audit row", "ada", "battery staple", orchestrator.Unauthorized, 1},
		"Nobody":     {"an unknown name sounds the same", "eve", "correct horse", orchestrator.Unauthorized, 1},
		"NoPassword": {"an account without password cannot come in this way", "grace", "nobody has this password", orchestrator.Unauthorized, 1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			users := newPeople(t)
			c := &clock{time.Unix(1000, 0)}
			way, err := NewPasswords(users, NewLimiter(c.now, 5, time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			_, err = way.Check(context.Background(), tc.name, tc.password, "192.0.2.1")
			if got := orchestrator.ErrorCode(err); got != tc.want || users.refused != tc.refused {
				t.Errorf("%s: code %q, %d audit rows; want %q, %d", tc.reason, got, users.refused, tc.want, tc.refused)
			}
		})
	}
}

// Whoever makes up names must not fill the memory with them.
func TestLimiterForgetsWhatItRefuses(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	l := NewLimiter(c.now, 3, time.Minute)
	for i := range 1000 {
		l.Allow("192.0.2.1", strconv.Itoa(i))
	}
	if got, most := len(l.tries), 1+4*3; got > most {
		t.Errorf("1000 names from one address are kept as %d entries, want at most %d", got, most)
	}
}

// A subscriber has billions of IPv6 addresses and one network of them.
func TestLimiterCountsNetworks(t *testing.T) {
	cases := map[string]struct {
		reason, first, second string
		want                  bool
	}{
		"SameNetwork":  {"one subscriber", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", false},
		"OtherNetwork": {"another subscriber", "2001:db8:1:2::1", "2001:db8:1:3::1", true},
		"OtherFour":    {"another subscriber", "192.0.2.1", "192.0.2.2", true},
		"SameFour":     {"the same", "192.0.2.1", "192.0.2.1", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := &clock{time.Unix(1000, 0)}
			l := NewLimiter(c.now, 1, time.Minute)
			if !l.Allow(tc.first, "ada") {
				t.Fatal("the first try is refused")
			}
			if got := l.Allow(tc.second, "ada"); got != tc.want {
				t.Errorf("%s: allowed is %v, want %v", tc.reason, got, tc.want)
			}
			l.Forget(tc.second, "ada")
			if !l.Allow(tc.first, "ada") && !tc.want {
				t.Errorf("%s: what was forgotten still counts", tc.reason)
			}
		})
	}
}

func TestPossibleName(t *testing.T) {
	cases := map[string]struct{ reason, name, want string }{
		"OK":      {"names are text", "ada.lovelace@example.com", "ada.lovelace@example.com"},
		"Foreign": {"any language", "žofie", "žofie"},
		"Long":    {"nobody's name fills the audit log", strings.Repeat("a", maxName+1), nobodysName},
		"NUL":     {"PostgreSQL takes no NUL", "ada\x00", nobodysName},
		"Line":    {"a name is one line of a log", "ada\nroot", nobodysName},
		"NotUTF8": {"PostgreSQL takes no other bytes", "ada\xff", nobodysName},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := possibleName(tc.name); got != tc.want {
				t.Errorf("%s: %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

func TestLimiter(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	l := NewLimiter(c.now, 3, time.Minute)
	for i := range 3 {
		if !l.Allow("192.0.2.1", "ada") {
			t.Fatalf("try %d was refused", i+1)
		}
	}
	if l.Allow("192.0.2.1", "ada") {
		t.Error("a fourth try within the window was allowed")
	}
	if !l.Allow("192.0.2.2", "ada") {
		t.Error("somebody else's address was refused: a name could be locked out from afar")
	}
	for i := range 20 {
		l.Allow("192.0.2.3", strings.Repeat("x", i))
	}
	if l.Allow("192.0.2.3", "fresh") {
		t.Error("an address that tries many names was allowed on")
	}
	c.t = c.t.Add(61 * time.Second)
	if !l.Allow("192.0.2.1", "ada") {
		t.Error("a minute later the same try is still refused")
	}
	if n := len(l.tries); n > 2 {
		t.Errorf("%d keys are kept after all others were old", n)
	}
}

func TestSessions(t *testing.T) {
	ctx := context.Background()
	begin := func(t *testing.T) (*Sessions, *people, *clock, string) {
		t.Helper()
		users, c := newPeople(t), &clock{time.Unix(1_000_000, 0)}
		s := NewSessions(users, Limits{Idle: time.Hour, Absolute: 10 * time.Hour}, c.now)
		token, err := s.Begin(ctx, users.accounts["ada"], "192.0.2.1", "")
		if err != nil {
			t.Fatal(err)
		}
		return s, users, c, token
	}

	t.Run("OK", func(t *testing.T) {
		s, users, _, token := begin(t)
		got, err := s.Resolve(ctx, token, "192.0.2.9")
		want := orchestrator.Actor{Kind: orchestrator.ActorUser, Name: "ada", Team: "default_tenant", Role: orchestrator.Operator, From: "192.0.2.9"}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("actor (-want +got):\n%s", diff)
		}
		if _, stored := users.sessions[token]; stored {
			t.Error("the token itself is in the database")
		}
	})
	t.Run("RoleOfNow", func(t *testing.T) {
		s, users, _, token := begin(t)
		account := users.accounts["ada"]
		account.Role = orchestrator.Viewer
		users.accounts["ada"] = account
		if got, _ := s.Resolve(ctx, token, ""); got.Role != orchestrator.Viewer {
			t.Errorf("a role taken away is still %q", got.Role)
		}
	})
	t.Run("Idle", func(t *testing.T) {
		s, users, c, token := begin(t)
		c.t = c.t.Add(61 * time.Minute)
		if _, err := s.Resolve(ctx, token, ""); orchestrator.ErrorCode(err) != orchestrator.Unauthorized || len(users.sessions) != 0 {
			t.Errorf("an idle session lives on: %v", err)
		}
	})
	t.Run("UsedIsNotIdle", func(t *testing.T) {
		s, _, c, token := begin(t)
		for range 12 {
			c.t = c.t.Add(45 * time.Minute)
			if _, err := s.Resolve(ctx, token, ""); err != nil {
				t.Fatalf("used every 45 minutes, it ended at %v: %v", c.t, err)
			}
		}
	})
	t.Run("Absolute", func(t *testing.T) {
		s, _, c, token := begin(t)
		for range 14 {
			c.t = c.t.Add(45 * time.Minute)
			_, _ = s.Resolve(ctx, token, "")
		}
		if _, err := s.Resolve(ctx, token, ""); orchestrator.ErrorCode(err) != orchestrator.Unauthorized {
			t.Errorf("a session outlived its absolute limit: %v", err)
		}
	})
	t.Run("Rotated", func(t *testing.T) {
		s, users, _, token := begin(t)
		second, err := s.Begin(ctx, users.accounts["ada"], "", token)
		if err != nil || second == token {
			t.Fatalf("signing in again gave %q (%v)", second, err)
		}
		if _, err := s.Resolve(ctx, token, ""); orchestrator.ErrorCode(err) != orchestrator.Unauthorized {
			t.Error("the token from before the sign-in still opens")
		}
	})
	t.Run("Ended", func(t *testing.T) {
		s, _, _, token := begin(t)
		if err := s.End(ctx, token); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Resolve(ctx, token, ""); orchestrator.ErrorCode(err) != orchestrator.Unauthorized {
			t.Error("a session that was ended still opens")
		}
	})
	t.Run("Unknown", func(t *testing.T) {
		s, _, _, _ := begin(t)
		if _, err := s.Resolve(ctx, "made up", ""); orchestrator.ErrorCode(err) != orchestrator.Unauthorized {
			t.Error("a made-up token opens")
		}
	})
}

func TestFormToken(t *testing.T) {
	token := FormToken("cookie")
	if token == FormToken("cookie") {
		t.Error("two pages carry the same token: compressed, their size would tell it")
	}
	cases := map[string]struct {
		reason, cookie, token string
		want                  bool
	}{
		"OK":       {"the form of this browser", "cookie", token, true},
		"Other":    {"a form made for another browser", "other", token, false},
		"Again":    {"each page has another, and all are good", "cookie", FormToken("cookie"), true},
		"Short":    {"half a token is none", "cookie", token[:43], false},
		"NoToken":  {"a form without token", "cookie", "", false},
		"NoCookie": {"a browser without cookie", "", FormToken(""), false},
		"Raw":      {"the cookie itself is not the token", "cookie", "cookie", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := CheckFormToken(tc.cookie, tc.token); got != tc.want {
				t.Errorf("%s: %v, want %v", tc.reason, got, tc.want)
			}
		})
	}
}
