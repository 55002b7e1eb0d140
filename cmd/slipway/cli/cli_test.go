package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipwayhq/slipway/blueprints"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"slipway": program})
}

// program is what main does with the root command.
func program() {
	root := New("test", bundled(), os.Stdin, os.Stdout, os.Stderr)
	root.SetArgs(os.Args[1:])
	err := root.Execute()
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "slipway: "+err.Error())
	var usage *UsageError
	if errors.As(err, &usage) {
		os.Exit(2)
	}
	os.Exit(1)
}

// bundled are the types of the catalogue, with a provider for each plugin.
func bundled() Bundled {
	refused := provider.Func(func(context.Context, *provider.Call) (provider.Result, error) {
		return provider.Result{}, errors.New("a client carries out nothing")
	})
	registry := provider.Registry{}
	for _, name := range blueprints.Packages() {
		registry[name] = refused
	}
	return Bundled{Types: blueprints.TypesFor, EveryType: blueprints.EveryType(), Plugins: blueprints.Packages(), Check: registry.Check}
}

// TestScripts runs testdata/*.txt against a server that answers what the script
// says: the file "answers/GET executions x" (slashes and the API's prefix left
// out) holds a status line and a body; with " 2" at its end it is the second
// answer. What was asked is appended to the file "asked".
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			server := httptest.NewServer(&script{dir: env.WorkDir, times: map[string]int{}})
			env.Defer(server.Close)
			env.Setenv("SLIPWAY_URL", server.URL)
			env.Setenv("SLIPWAY_TOKEN", "a-token")
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits is "exits CODE COMMAND…".
func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// script answers from files.
type script struct {
	dir   string
	mu    sync.Mutex
	times map[string]int
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	credentials := r.Header.Get("Authentication-Token")
	if user, password, ok := r.BasicAuth(); ok {
		credentials = user + ":" + password
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		body = []byte(formText(r.Header.Get("Content-Type"), body))
	}
	s.note(fmt.Sprintf("%s %s as %s in %s: %s\n", r.Method, r.URL, credentials, r.Header.Get("Tenant"), body))
	status, text := s.answer(r.Method + strings.ReplaceAll(strings.TrimPrefix(r.URL.Path, apiPrefix), "/", " "))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // a client that went away is no failure
}

func (s *script) note(line string) {
	file, err := os.OpenFile(filepath.Join(s.dir, "asked"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_, _ = file.WriteString(line)
	_ = file.Close()
}

func (s *script) answer(name string) (int, string) {
	s.times[name]++
	path := filepath.Join(s.dir, "answers", name)
	text, err := os.ReadFile(fmt.Sprintf("%s %d", path, s.times[name]))
	if err != nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return http.StatusTeapot, fmt.Sprintf(`{"message": "the script has no answer %q"}`, name)
	}
	line, body, _ := strings.Cut(string(text), "\n")
	status, err := strconv.Atoi(line)
	if err != nil {
		return http.StatusTeapot, fmt.Sprintf(`{"message": "the answer %q begins with no status"}`, name)
	}
	return status, body
}
