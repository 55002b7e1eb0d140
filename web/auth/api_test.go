package auth

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

func TestAdminTokenAccepts(t *testing.T) {
	const token = "a-token-of-some-length"
	cases := map[string]struct {
		reason        string
		token         string
		remote, host  string
		header, value string
		want          bool
	}{
		"OK":             {reason: "this machine asks itself", token: token, remote: "127.0.0.1:40000", host: "127.0.0.1:8080", want: true},
		"OKLocalhost":    {reason: "localhost is a loopback name", token: token, remote: "[::1]:40000", host: "localhost:8080", want: true},
		"OKIPv6":         {reason: "so is ::1", token: token, remote: "[::1]:40000", host: "[::1]", want: true},
		"ErrWrong":       {reason: "another token is no token", token: token + "x", remote: "127.0.0.1:40000", host: "127.0.0.1:8080"},
		"ErrEmpty":       {reason: "no token is no token", remote: "127.0.0.1:40000", host: "127.0.0.1:8080"},
		"ErrRemote":      {reason: "another machine has no business with it", token: token, remote: "192.0.2.7:40000", host: "127.0.0.1:8080"},
		"ErrRebinding":   {reason: "a name that only resolves to loopback is how pages attack", token: token, remote: "127.0.0.1:40000", host: "evil.example:8080"},
		"ErrProxy":       {reason: "a proxy on this machine speaks for others", token: token, remote: "127.0.0.1:40000", host: "127.0.0.1:8080", header: "X-Forwarded-For", value: "192.0.2.7"},
		"ErrNoRemote":    {reason: "an address that cannot be read is not local", token: token, remote: "@", host: "localhost"},
		"ErrLocalPrefix": {reason: "only the name itself is local", token: token, remote: "127.0.0.1:40000", host: "localhost.evil.example"},
	}
	admin := NewAdminToken(token)
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr, r.Host = tc.remote, tc.host
			if tc.header != "" {
				r.Header.Set(tc.header, tc.value)
			}
			if got := admin.Accepts(r, tc.token); got != tc.want {
				t.Errorf("%s: got %v", tc.reason, got)
			}
		})
	}
}

func newTestAPI(t *testing.T, users *people, token string) *API {
	t.Helper()
	api, err := NewAPI(users, NewAdminToken(token), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestAPIAuthenticate(t *testing.T) {
	const token = "a-token-of-some-length"
	local := func(change func(*http.Request)) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
		r.RemoteAddr = "127.0.0.1:40000"
		change(r)
		return r
	}
	basic := func(name, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(name, password) }
	}
	cases := map[string]struct {
		reason  string
		request *http.Request
		want    orchestrator.Actor
		code    orchestrator.Code
	}{
		"Token": {
			reason:  "the admin token acts as admin",
			request: local(func(r *http.Request) { r.Header.Set("Authentication-Token", token) }),
			want:    orchestrator.Actor{Kind: orchestrator.ActorToken, Name: "admin", Team: orchestrator.DefaultTeam, Role: orchestrator.Admin, From: "127.0.0.1"},
		},
		"ErrTeam": {
			reason: "a team that nobody has is refused, not ignored",
			request: local(func(r *http.Request) {
				r.Header.Set("Authentication-Token", token)
				r.Header.Set("Tenant", "elsewhere")
			}),
			code: orchestrator.Forbidden,
		},
		"ErrToken": {
			reason: "a wrong token is not forgiven for a right password",
			request: local(func(r *http.Request) {
				r.Header.Set("Authentication-Token", "x")
				r.SetBasicAuth("ada", "correct horse")
			}),
			code: orchestrator.Unauthorized,
		},
		"Password":    {reason: "an account acts as itself", request: local(basic("ada", "correct horse")), want: orchestrator.Actor{Kind: orchestrator.ActorUser, Name: "ada", Team: orchestrator.DefaultTeam, Role: orchestrator.Operator, From: "127.0.0.1"}},
		"ErrPassword": {reason: "a wrong password is nobody", request: local(basic("ada", "wrong")), code: orchestrator.Unauthorized},
		"ErrNothing":  {reason: "nothing given is nobody", request: local(func(*http.Request) {}), code: orchestrator.Unauthorized},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			api := newTestAPI(t, newPeople(t), token)
			got, err := api.Authenticate(tc.request)
			if code := orchestrator.ErrorCode(err); code != tc.code {
				t.Fatalf("%s: code %q, want %q (%v)", tc.reason, code, tc.code, err)
			}
			if diff := cmp.Diff(tc.want, got); err == nil && diff != "" {
				t.Errorf("%s:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestAPIPasswordChange(t *testing.T) {
	users := newPeople(t)
	api := newTestAPI(t, users, "")
	ask := func() error {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.SetBasicAuth("ada", "correct horse")
		_, err := api.Authenticate(r)
		return err
	}
	for range 3 * apiTries { // right passwords use up no tries
		if err := ask(); err != nil {
			t.Fatal(err)
		}
	}
	users.accounts["ada"] = orchestrator.Account{Name: "ada", Role: orchestrator.Operator, Team: orchestrator.DefaultTeam}
	if code := orchestrator.ErrorCode(ask()); code != orchestrator.Unauthorized {
		t.Errorf("a password that was taken away still works: %q", code)
	}
}

func TestAPIGuessing(t *testing.T) {
	api := newTestAPI(t, newPeople(t), "")
	var last error
	for range apiTries + 1 {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.SetBasicAuth("nobody", "guess")
		_, last = api.Authenticate(r)
	}
	if code := orchestrator.ErrorCode(last); code != orchestrator.TooMany {
		t.Errorf("try %d was answered %q", apiTries+1, code)
	}
}
