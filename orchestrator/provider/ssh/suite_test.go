package ssh_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	gossh "golang.org/x/crypto/ssh"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/ssh"
)

type values = map[string]orchestrator.Value

// peer is a machine that the suite runs against: a real sshd, or the rehearsal's.
type peer struct {
	host      string
	port      int64
	user      string
	key       string // PEM
	base      string // a directory for this test's runs
	dial      ssh.DialFunc
	rehearsal bool
	// reboot ends every process that the provider started.
	reboot func()
}

// provider returns a provider that reaches the peer; each is a server of its own.
func (p *peer) provider(t *testing.T) *ssh.Provider {
	t.Helper()
	made := ssh.New(ssh.Options{Dial: p.dial, Rehearsal: p.dial})
	t.Cleanup(made.Close)
	return made
}

// shell runs a command on the machine and returns its output.
func (p *peer) shell(t *testing.T, command string) string {
	t.Helper()
	signer, err := gossh.ParsePrivateKey([]byte(p.key))
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort(p.host, itoa(p.port))
	raw, err := p.dial(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn, channels, requests, err := gossh.NewClientConn(raw, address, &gossh.ClientConfig{
		User: p.user, Auth: []gossh.AuthMethod{gossh.PublicKeys(signer)},
		HostKeyCallback: gossh.InsecureIgnoreHostKey(), // the suite's own look at its own peer
	})
	if err != nil {
		t.Fatal(err)
	}
	client := gossh.NewClient(conn, channels, requests)
	defer func() { _ = client.Close() }()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := session.Output(command)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return string(out)
}

// record is a journal and a log that remember, and tell when a line came.
type record struct {
	mu      sync.Mutex
	runtime values
	lines   []string
	changed chan struct{}
	fenced  int
}

func newRecord() *record { return &record{runtime: values{}, changed: make(chan struct{})} }

func (r *record) Set(_ context.Context, set values) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.Copy(r.runtime, set)
	return nil
}

func (r *record) SetOn(ctx context.Context, _ string, set values, _ []string) error {
	return r.Set(ctx, set)
}

func (r *record) Fence(ctx context.Context) (context.Context, context.CancelFunc, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fenced++
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	return ctx, cancel, nil
}

func (r *record) Log(level, message string)  { r.add(level + ": " + message) }
func (r *record) Output(stream, line string) { r.add(stream + "> " + line) }

func (r *record) add(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *record) has(line string) (bool, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.lines, line), r.changed
}

// output returns the script's lines of one stream.
func (r *record) output(stream string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, line := range r.lines {
		if text, ok := strings.CutPrefix(line, stream+"> "); ok {
			out = append(out, text)
		}
	}
	return out
}

func (r *record) await(t *testing.T, line string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		ok, changed := r.has(line)
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("the line %q did not come; there is %q", line, r.lines)
		}
	}
}

// call makes a call that runs the script.
func (p *peer) call(r *record, execution, script string, inputs values) *provider.Call {
	all := values{
		"script_path": "scripts/test.sh",
		"fabric_env":  values{"host": p.host, "port": p.port, "user": p.user, "key": orchestrator.Mark(strings.ReplaceAll(p.key, "\n", `\n`))},
		"process":     values{"base_dir": p.base},
		"BASE":        p.base,
	}
	maps.Copy(all, inputs)
	return &provider.Call{
		Deployment: provider.Deployment{ID: "app_dev"},
		Execution:  provider.Execution{ID: execution, Workflow: "install"},
		StepID:     "install_db_abc123/4",
		Operation:  "cloudify.interfaces.lifecycle.create",
		Function:   "fabric_plugin.tasks.run_script",
		Inputs:     all,
		Self: &provider.Instance{
			ID: "db_abc123", NodeID: "db",
			Properties: values{"port": int64(5432), "name": "pg"},
			Runtime:    values{"tree": values{"leaf": "x"}},
		},
		Rehearsal: p.rehearsal,
		Files:     fstest.MapFS{"scripts/test.sh": {Data: []byte(script)}, "conf/db.conf": {Data: []byte("port={{ ctx.node.properties.port }}\n")}},
		Journal:   r, Log: r,
	}
}

func newKey(t *testing.T) (string, gossh.PublicKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := gossh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	key, err := gossh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), key
}

// suite holds the provider to its contract on a peer of its own for each test.
func suite(t *testing.T, newPeer func(t *testing.T) *peer, only ...string) {
	for name, test := range map[string]func(*testing.T, *peer){
		"OutputAndValue":            testOutputAndValue,
		"EvilValuesArriveAsTheyAre": testEvilValues,
		"CtxVerbs":                  testCtxVerbs,
		"Ends":                      testEnds,
		"HostKey":                   testHostKey,
		"FollowedAfterARestart":     testFollowedAfterARestart,
		"FollowedInAnotherLife":     testFollowedInAnotherLife,
		"FinishedWhileNobodyLooked": testFinishedUnseen,
		"BrokenConnection":          testBrokenConnection,
		"InterruptedByAReboot":      testInterrupted,
		"ResumableRunsAgain":        testResumable,
		"ManyAtOnce":                testManyAtOnce,
		"Unreachable":               testUnreachable,
		"SecretsAreNotLeftBehind":   testNothingLeft,
	} {
		if len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newPeer(t))
		})
	}
}

func testOutputAndValue(t *testing.T, p *peer) {
	r := newRecord()
	result, err := p.provider(t).Run(t.Context(), p.call(r, "e-1", `#!/bin/sh
echo one
echo two >&2
printf 'no end'
ctx returns "a value"
`, nil))
	if err != nil {
		t.Fatal(err)
	}
	got := []any{result.Value, r.output("stdout"), r.output("stderr")}
	want := []any{"a value", []string{"one", "no end"}, []string{"two"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if r.fenced == 0 {
		t.Error("the script was started without asking whether the lease holds")
	}

	r = newRecord()
	commands := p.call(r, "e-2", "", values{"commands": []orchestrator.Value{"echo first", "false", "echo never"}})
	commands.Function = "fabric_plugin.tasks.run_commands"
	if _, err := p.provider(t).Run(t.Context(), commands); err == nil {
		t.Error("a command that failed was taken for success")
	}
	if diff := cmp.Diff([]string{"first"}, r.output("stdout")); diff != "" {
		t.Error(diff)
	}
}

func testEvilValues(t *testing.T, p *peer) {
	evil := values{
		"quotes":  `'"` + "`",
		"dollars": "$HOME $(touch " + p.base + "/pwned) ${x}",
		"lines":   "first\nsecond\n'; exit 7; #",
		"slashes": `\n \\ \`,
		"unicode": "ÅÄ→☃",
		"empty":   "",
	}
	inputs := values{"map": values{"a": []orchestrator.Value{int64(1), true, "it's"}}, "flag": true, "count": int64(7), "not-a-name": "x"}
	maps.Copy(inputs, evil)
	r := newRecord()
	_, err := p.provider(t).Run(t.Context(), p.call(r, "e-1", `#!/bin/sh
set -eu
ctx instance runtime-properties quotes "$quotes"
ctx instance runtime-properties dollars "$dollars"
ctx instance runtime-properties lines "$lines"
ctx instance runtime-properties slashes "$slashes"
ctx instance runtime-properties unicode "$unicode"
ctx instance runtime-properties empty "$empty"
ctx instance runtime-properties map "@$map"
ctx instance runtime-properties flag "$flag"
ctx instance runtime-properties count "$count"
printf '%s' "$dollars" | ctx --stdin instance runtime-properties stdin
`, inputs))
	if err != nil {
		t.Fatal(err, r.lines)
	}
	want := values{"map": inputs["map"], "flag": "true", "count": "7", "stdin": evil["dollars"]}
	maps.Copy(want, evil)
	delete(r.runtime, "ssh_host_keys")
	if diff := cmp.Diff(want, r.runtime); diff != "" {
		t.Error(diff)
	}
	if left := p.shell(t, "ls "+p.base); strings.Contains(left, "pwned") {
		t.Error("a value was run as a command")
	}
	r.await(t, `warning: the input "not-a-name" is not passed to the script: no environment variable can have that name`)
}

func testCtxVerbs(t *testing.T, p *peer) {
	r := newRecord()
	_, err := p.provider(t).Run(t.Context(), p.call(r, "e-1", `#!/bin/sh
set -eu
echo "port $(ctx node properties port)"
echo "id $(ctx instance id)"
echo "deployment $(ctx deployment id)"
echo "leaf $(ctx instance runtime-properties tree.leaf)"
ctx instance runtime-properties tree.other y
echo "other $(ctx instance runtime-properties tree.other)"
ctx logger info "it works"
echo "file $(cat "$(ctx download-resource-and-render conf/db.conf)")"
ctx download-resource conf/db.conf "$BASE/db.conf" >/dev/null
cat "$BASE/db.conf"
if ctx node properties nope; then exit 9; fi
`, nil))
	if err != nil {
		t.Fatal(err, r.lines)
	}
	want := []string{"port 5432", "id db_abc123", "deployment app_dev", "leaf x", "other y", "file port=5432", "port={{ ctx.node.properties.port }}"}
	if diff := cmp.Diff(want, r.output("stdout")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(orchestrator.Value(values{"leaf": "x", "other": "y"}), r.runtime["tree"]); diff != "" {
		t.Error(diff)
	}
	if ok, _ := r.has("info: it works"); !ok {
		t.Error("the script's own log line is missing")
	}
}

func testEnds(t *testing.T, p *peer) {
	tests := map[string]struct {
		reason string
		script string
		inputs values
		want   string
		fatal  bool
		after  time.Duration
	}{
		"ExitCode":  {"failures tell the code and what the script complained of", "echo 'no space left' >&2; exit 3", nil, "the script ended with exit code 3: no space left", false, 0},
		"Hopeless":  {"listed codes are not retried", "exit 4", values{"non_recoverable_error_exit_codes": []orchestrator.Value{int64(4)}}, "the script ended with exit code 4", true, 0},
		"Abort":     {"abort ends the operation", "set -e; ctx abort-operation 'wrong disk'; echo never", nil, "the script aborted the operation: wrong disk", true, 0},
		"Retry":     {"retry asks for another attempt", "ctx retry-operation 'not yet' 30", nil, "the script asked for a retry: not yet", false, 30 * time.Second},
		"NotThere":  {"a working directory must exist", "echo never", values{"process": values{"base_dir": p.base, "cwd": "/does/not/exist"}}, "the script ended with exit code 1", false, 0},
		"TwoVoices": {"an operation ends in one way", "ctx returns a; ctx abort-operation b", nil, "the script called abort after returns; an operation ends in one way only", true, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRecord()
			_, err := p.provider(t).Run(t.Context(), p.call(r, name, "#!/bin/sh\n"+tt.script+"\n", tt.inputs))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || provider.IsFatal(err) != tt.fatal {
				t.Errorf("%s: got %v (fatal %v)", tt.reason, err, provider.IsFatal(err))
			}
			if after, _ := provider.RetryDelay(err); after != tt.after {
				t.Errorf("%s: after %v, want %v", tt.reason, after, tt.after)
			}
			if slices.Contains(r.output("stdout"), "never") {
				t.Errorf("%s: the script went on", tt.reason)
			}
		})
	}
}

func testHostKey(t *testing.T, p *peer) {
	r := newRecord()
	if _, err := p.provider(t).Run(t.Context(), p.call(r, "e-1", "#!/bin/sh\ntrue\n", nil)); err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort(p.host, itoa(p.port))
	line, _ := orchestrator.Lookup(orchestrator.Value(r.runtime), "ssh_host_keys", address, "key")
	if text, _ := line.(string); !strings.HasPrefix(text, "ssh-") {
		t.Fatalf("the host key was not recorded: %v", r.runtime)
	}

	again := p.call(r, "e-1", "#!/bin/sh\ntrue\n", nil)
	again.StepID, again.Self.Runtime = "another/1", maps.Clone(r.runtime)
	if _, err := p.provider(t).Run(t.Context(), again); err != nil {
		t.Fatalf("the recorded key does not fit: %v", err)
	}

	_, other := newKey(t)
	stranger := values{address: values{"key": strings.TrimSpace(string(gossh.MarshalAuthorizedKey(other))), "execution": "e-1"}}
	again.Self.Runtime["ssh_host_keys"], again.StepID = stranger, "another/2"
	_, err := p.provider(t).Run(t.Context(), again)
	if !provider.IsFatal(err) || !strings.Contains(err.Error(), "another machine answers there") {
		t.Errorf("a changed host key: got %v", err)
	}

	again.Execution.ID, again.StepID = "e-2", "another/3"
	if _, err := p.provider(t).Run(t.Context(), again); err != nil {
		t.Errorf("a later install is a new life, perhaps on a new machine: %v", err)
	}
}

const waiting = `#!/bin/sh
echo begun >>"$BASE/begun"
echo waiting
until [ -e "$BASE/go" ]; do sleep 0.1; done
ctx instance runtime-properties done yes
ctx returns ended
echo ended
`

func testFollowedAfterARestart(t *testing.T, p *peer) {
	first := newRecord()
	ctx, kill := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	before := p.provider(t)
	go func() {
		_, err := before.Run(ctx, p.call(first, "e-1", waiting, nil))
		ended <- err
	}()
	first.await(t, "stdout> waiting")
	kill()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("a server that stops: got %v", err)
	}
	before.Close()

	second := newRecord()
	call := p.call(second, "e-1", waiting, nil)
	call.Resumed, call.Self.Runtime = true, maps.Clone(first.runtime)
	after := p.provider(t)
	result := make(chan provider.Result, 1)
	go func() {
		answer, err := after.Run(t.Context(), call)
		result <- answer
		ended <- err
	}()
	second.await(t, "stdout> waiting")
	p.shell(t, "touch "+p.base+"/go")
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	got := []any{(<-result).Value, second.runtime["done"], p.shell(t, "cat "+p.base+"/begun")}
	if diff := cmp.Diff([]any{"ended", "yes", "begun\n"}, got); diff != "" {
		t.Error(diff)
	}
}

// testFollowedInAnotherLife: the user resumed an execution that had failed, so
// that attempts count from the beginning; older ones must not hide the new one.
func testFollowedInAnotherLife(t *testing.T, p *peer) {
	for attempt := range 2 {
		failing := p.call(newRecord(), "e-1", "#!/bin/sh\nexit 3\n", nil)
		failing.Attempt = attempt
		if _, err := p.provider(t).Run(t.Context(), failing); err == nil {
			t.Fatal("a script that failed was taken for success")
		}
	}
	testFollowedAfterARestart(t, p)
}

func testFinishedUnseen(t *testing.T, p *peer) {
	script := "#!/bin/sh\necho begun >>\"$BASE/begun\"\nctx returns found\necho said\n"
	if _, err := p.provider(t).Run(t.Context(), p.call(newRecord(), "e-1", script, nil)); err != nil {
		t.Fatal(err)
	}
	r := newRecord()
	call := p.call(r, "e-1", script, nil)
	call.Resumed = true
	result, err := p.provider(t).Run(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	got := []any{result.Value, r.output("stdout"), p.shell(t, "cat "+p.base+"/begun")}
	if diff := cmp.Diff([]any{"found", []string{"said"}, "begun\n"}, got); diff != "" {
		t.Error(diff)
	}
}

func testBrokenConnection(t *testing.T, p *peer) {
	var mu sync.Mutex
	var open []net.Conn
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := p.dial(ctx, network, address)
		if err == nil {
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
		}
		return conn, err
	}
	prov := ssh.New(ssh.Options{Dial: dial, Rehearsal: dial})
	t.Cleanup(prov.Close)
	r := newRecord()
	ended := make(chan error, 1)
	go func() {
		_, err := prov.Run(t.Context(), p.call(r, "e-1", waiting, nil))
		ended <- err
	}()
	r.await(t, "stdout> waiting")
	mu.Lock()
	for _, conn := range open {
		_ = conn.Close()
	}
	mu.Unlock()
	r.await(t, "warning: the connection to "+net.JoinHostPort(p.host, itoa(p.port))+" was lost; the script goes on there, connecting again")
	p.shell(t, "touch "+p.base+"/go")
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	got := []any{r.output("stdout"), p.shell(t, "cat "+p.base+"/begun")}
	if diff := cmp.Diff([]any{[]string{"waiting", "ended"}, "begun\n"}, got); diff != "" {
		t.Errorf("a line was lost or came twice, or the script began twice: %s", diff)
	}
}

// cutOff begins a script and takes the machine down under it.
func cutOff(t *testing.T, p *peer, inputs values) {
	t.Helper()
	r := newRecord()
	ctx, kill := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	prov := p.provider(t)
	go func() {
		_, err := prov.Run(ctx, p.call(r, "e-1", waiting, inputs))
		ended <- err
	}()
	r.await(t, "stdout> waiting")
	kill()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("a server that stops: got %v", err)
	}
	p.reboot()
}

func testInterrupted(t *testing.T, p *peer) {
	cutOff(t, p, nil)
	call := p.call(newRecord(), "e-1", waiting, nil)
	call.Resumed = true
	_, err := p.provider(t).Run(t.Context(), call)
	if !provider.IsFatal(err) || !strings.HasPrefix(err.Error(), "interrupted: ") {
		t.Errorf("got %v, want a fatal interruption", err)
	}
	if got := p.shell(t, "cat "+p.base+"/begun"); got != "begun\n" {
		t.Errorf("the script began again: %q", got)
	}
}

func testResumable(t *testing.T, p *peer) {
	resumable := values{"slipway_resumable": true}
	cutOff(t, p, resumable)
	p.shell(t, "touch "+p.base+"/go")
	call := p.call(newRecord(), "e-1", waiting, resumable)
	call.Resumed = true
	result, err := p.provider(t).Run(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	got := []any{result.Value, p.shell(t, "cat "+p.base+"/begun")}
	if diff := cmp.Diff([]any{"ended", "begun\nbegun\n"}, got); diff != "" {
		t.Error(diff)
	}
}

func testManyAtOnce(t *testing.T, p *peer) {
	prov := p.provider(t)
	var group sync.WaitGroup
	errs := make([]error, 10)
	for i := range errs {
		group.Go(func() {
			call := p.call(newRecord(), "e-1", "#!/bin/sh\nctx node properties port >/dev/null && ctx returns ok\n", nil)
			call.StepID = "step/" + itoa(int64(i))
			_, errs[i] = prov.Run(t.Context(), call)
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

func testUnreachable(t *testing.T, p *peer) {
	stranger, _ := newKey(t)
	tests := map[string]struct {
		reason string
		change values
		fatal  bool
	}{
		"UnknownKey": {"a machine may not know its keys yet", values{"key": stranger}, false},
		"Refused":    {"sshd may not be up yet", values{"port": int64(1)}, false},
		"NotAKey":    {"no retry makes a key of this", values{"key": "gibberish"}, true},
		"NoKey":      {"", values{"key": nil}, true},
		"NoUser":     {"", values{"user": ""}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			call := p.call(newRecord(), "e-1", "#!/bin/sh\n", nil)
			env := maps.Clone(call.Inputs["fabric_env"].(values))
			maps.Copy(env, tt.change)
			call.Inputs["fabric_env"] = env
			_, err := p.provider(t).Run(t.Context(), call)
			if err == nil || provider.IsFatal(err) != tt.fatal {
				t.Errorf("%s: got %v (fatal %v)", tt.reason, err, provider.IsFatal(err))
			}
		})
	}
}

func testNothingLeft(t *testing.T, p *peer) {
	secret := "correct horse battery staple"
	r := newRecord()
	_, err := p.provider(t).Run(t.Context(), p.call(r, "e-1", "#!/bin/sh\n[ -n \"$secret\" ]\n", values{"secret": orchestrator.Mark(secret)}))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"env", "body", "main", "out", "err"} {
		file := p.base + "/.slipway/runs/*/0/" + name
		if content := p.shell(t, "cat "+file+" 2>/dev/null || true"); bytes.Contains([]byte(content), []byte(secret)) {
			t.Errorf("%s still holds the secret", name)
		}
	}

	shown := p.call(newRecord(), "e-2", "#!/bin/sh\n", values{"process": values{"args": []orchestrator.Value{orchestrator.Mark(secret)}}})
	if _, err := p.provider(t).Run(t.Context(), shown); !provider.IsFatal(err) || strings.Contains(err.Error(), secret) {
		t.Errorf("a secret as an argument: got %v", err)
	}
}
