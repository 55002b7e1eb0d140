package machine

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// newTestMachine makes a world with one machine that waits for nothing.
func newTestMachine(t *testing.T) *machine {
	t.Helper()
	world := rehearsal.New(rehearsal.Config{})
	of := rehearsal.Machine{ID: "i-0123", Host: "ip-10-0-0-5", PrivateIP: "10.0.0.5", PublicIPs: []string{"198.18.0.9"}, Running: true, Deployment: "app_dev"}
	put := func(tx rehearsal.Tx) error { return rehearsal.PutMachine(tx, of) }
	if err := world.State.Update(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	machines := New(world)
	t.Cleanup(machines.Close)
	return machines.boot(of)
}

// answer is what a command left behind.
type answer struct {
	Out, Err string
	Code     int
}

func (m *machine) do(t *testing.T, command string) answer {
	t.Helper()
	var out, complaints strings.Builder
	code := m.login(t.Context(), "ubuntu", command, strings.NewReader(""), &out, &complaints)
	return answer{out.String(), complaints.String(), code}
}

func TestCommands(t *testing.T) {
	tests := map[string]struct {
		reason  string
		command string
		want    answer
	}{
		"Append":           {"files grow", `echo a >>f; echo b >>f; cat f; wc -c <f`, answer{"a\nb\n4\n", "", 0}},
		"HomeIsCwd":        {"", `pwd; echo $HOME`, answer{"/home/ubuntu\n/home/ubuntu\n", "", 0}},
		"TailFromByte":     {"how output is followed", `printf 'abcdef' >f; tail -c +3 f | head -c 2`, answer{"cd", "", 0}},
		"Pipe":             {"", `printf 'x y\nz\n' | grep -c x`, answer{"1\n", "", 0}},
		"Sed":              {"", `echo a-b-c | sed 's/b/[&]/'; sed 3q f`, answer{"a-[b]-c\n", "sed: a rehearsal knows only s/old/new/, /pattern/d and /pattern/p of sed, not \"3q\"\n", 1}},
		"SedGlobal":        {"", `echo a-b-c | sed s/-/+/g`, answer{"a+b+c\n", "", 0}},
		"SedInPlace":       {"", `printf 'p=1\nq=2\n' >f; sed -i 's/^p=.*/p=9/' f; cat f`, answer{"p=9\nq=2\n", "", 0}},
		"NeedsRoot":        {"a script that forgets sudo fails here as there", `echo x >/etc/motd`, answer{"", "open /etc/motd: permission denied\n", 1}},
		"Sudo":             {"", `echo x | sudo tee /etc/motd; sudo whoami; whoami`, answer{"x\nroot\nubuntu\n", "", 0}},
		"SudoUser":         {"", `sudo useradd --create-home --shell /bin/bash joe; sudo -H -u joe sh -c 'whoami; cd; pwd'`, answer{"joe\n/home/joe\n", "", 0}},
		"UseraddTwice":     {"idempotence is the script's business", `sudo useradd joe; sudo useradd joe`, answer{"", "useradd: user 'joe' already exists\n", 9}},
		"NotInstalled":     {"a program must be installed first", `psql`, answer{"", "psql: command not found\n", 127}},
		"CommandV":         {"the host's own programs are not the machine's", `command -v flock; command -v minikube || echo none`, answer{"/usr/bin/flock\nnone\n", "", 0}},
		"UnknownUnit":      {"", `sudo systemctl start nope`, answer{"", "systemctl: Failed to start nope: Unit nope not found.\n", 5}},
		"Docker":           {"", `sudo apt-get install -y -qq docker.io && sudo systemctl is-active docker && id minikube`, answer{"active\n", "id: 'minikube': no such user\n", 1}},
		"Assumed":          {"what is assumed is said", "printf '#!/bin/sh\\nfrobnicate a\\nfrobnicate b\\nzap\\n' >s; chmod +x s; ./s", answer{"", "rehearsal: 3 commands assumed to succeed: frobnicate, zap\n", 0}},
		"ProcessSubst":     {"nothing may open a pipe of the host", `cat <(echo x)`, answer{"", "bash: a rehearsal does not know process substitution; use a pipe or a file\n", 2}},
		"HostFiles":        {"nothing of the host can be seen", `[ -e /etc/shadow ] || [ -e /proc/self ] || echo clean`, answer{"clean\n", "", 0}},
		"QuotedQuotes":     {"the usual way to quote a quote", `a='x'\''y'; b=c\"; echo "$a $b" >f\ g; cat 'f g'`, answer{"x'y c\"\n", "", 0}},
		"EvalAndSource":    {"", `echo 'x=1' >f; . ./f; eval 'echo $x'`, answer{"1\n", "", 0}},
		"ShellOptions":     {"", `printf 'false | true\necho never\n' >f; bash -euo pipefail f`, answer{"", "", 1}},
		"SudoAssignment":   {"", `sudo A=1 sh -c 'echo $A$HOME'`, answer{"1/root\n", "", 0}},
		"Traps":            {"a clean-up at the end runs", `trap 'echo bye' EXIT INT TERM; echo hi`, answer{"hi\nbye\n", "", 0}},
		"LockIsFree":       {"", `flock -n l true && echo free`, answer{"free\n", "", 0}},
		"LockIsBusy":       {"", `flock l sh -c 'flock -n l true || echo busy'`, answer{"busy\n", "", 0}},
		"Sums":             {"real sums of real files", `printf abc >f; sha256sum f | sha256sum --check --quiet && echo "0  f" | sha256sum -c`, answer{"f: FAILED\n", "", 1}},
		"Downloads":        {"what was downloaded is what was asked for", `curl -fsSL -o f https://example.org/x && echo "00  f" | sha256sum --check --status && echo ok`, answer{"ok\n", "", 0}},
		"SubstitutionGlob": {"the forms that our scripts use", `a='x"y'; q='"'; printf '%s\n' "${a//"$q"/"\\$q"}"; touch 0 1; for f in ./[0-9]*; do echo $f; done`, answer{"x\\\"y\n./0\n./1\n", "", 0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, newTestMachine(t).do(t, tt.command)); diff != "" {
				t.Errorf("%s: %s", tt.reason, diff)
			}
		})
	}
}

func TestLoopsAreBounded(t *testing.T) {
	got := newTestMachine(t).do(t, `while true; do :; done`)
	if got.Code == 0 || !strings.Contains(got.Err, "loops are bounded") {
		t.Errorf("got %+v", got)
	}
}

// later is a server that begins when the first one has ended.
func (m *machine) later(t *testing.T) *machine {
	t.Helper()
	machines := New(m.world)
	machines.lockLife = 100 * time.Millisecond
	t.Cleanup(machines.Close)
	return machines.boot(rehearsal.Machine{ID: m.id, Host: m.host})
}

// holding begins a detached program that holds the lock l until the file go is
// there.
func (m *machine) holding(t *testing.T) {
	t.Helper()
	m.do(t, `echo kept >f; setsid nohup flock -o l sh -c 'echo begun >begun; until [ -e go ]; do sleep 0.1; done; echo after >after' </dev/null >/dev/null 2>&1 & until [ -s begun ]; do sleep 0.1; done`)
}

func TestFilesOutliveTheServer(t *testing.T) {
	m := newTestMachine(t)
	m.holding(t)
	m.machines.Close()
	got := m.later(t).do(t, `cat f begun; flock -n l true && echo free; touch go; ls`)
	if diff := cmp.Diff(answer{"kept\nbegun\nfree\nbegun\nf\ngo\nl\n", "", 0}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNothingIsWrittenAfterTheEnd(t *testing.T) {
	m := newTestMachine(t)
	m.do(t, `echo kept >f`)
	m.machines.Close()
	// A program that had begun, and has not heard yet.
	if diff := cmp.Diff(answer{"", errGone.Error() + "\n", 255}, m.do(t, `echo more >f`)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(answer{"kept\n", "", 0}, m.later(t).do(t, `cat f`)); diff != "" {
		t.Error(diff)
	}
}

func TestALockThatStandsStillIsFree(t *testing.T) {
	m := newTestMachine(t)
	m.holding(t)
	m.disk.mu.Lock()
	m.disk.stopBeating() // as if the server had been killed
	m.disk.mu.Unlock()
	if diff := cmp.Diff(answer{"free\n", "", 0}, m.later(t).do(t, `flock -n l true && echo free`)); diff != "" {
		t.Error(diff)
	}
}

func TestALockThatBeatsIsBusy(t *testing.T) {
	m := newTestMachine(t)
	m.holding(t)
	beat := make(chan struct{})
	go func() {
		defer close(beat)
		for m.disk.commit(m.machines.ctx) == nil { // a beat with each commit
			time.Sleep(time.Millisecond)
		}
	}()
	if diff := cmp.Diff(answer{"busy\n", "", 0}, m.later(t).do(t, `flock -n l true || echo busy`)); diff != "" {
		t.Error(diff)
	}
	m.machines.Close()
	<-beat
}

// killer ends the server as soon as something has been shown.
type killer struct{ end func() }

func (k killer) Write(p []byte) (int, error) {
	k.end()
	return len(p), nil
}

func TestWhatWasShownIsRemembered(t *testing.T) {
	m := newTestMachine(t)
	kill := killer{m.machines.Close}
	m.login(m.machines.ctx, "ubuntu", "echo done >f; echo shown; echo more >f", strings.NewReader(""), kill, kill)
	if diff := cmp.Diff(answer{"done\n", "", 0}, m.later(t).do(t, "cat f")); diff != "" {
		t.Error(diff)
	}
}

func TestAServerThatLostItsLockIsKilled(t *testing.T) {
	m := newTestMachine(t)
	ended := make(chan answer, 1)
	go func() {
		ended <- m.do(t, `flock l sh -c 'echo begun >begun; until [ -e go ]; do sleep 0.1; done; echo after >after'`)
	}()
	awaitFile(t, m, "/home/ubuntu/begun")
	// Another server takes the lock over, as after a long pause of this one.
	err := m.world.State.Update(t.Context(), func(tx rehearsal.Tx) error {
		return tx.Put(rehearsal.Object{
			Cloud: rehearsal.MachineCloud, Kind: lockKind, ID: m.id + ":/home/ubuntu/l", Name: "/home/ubuntu/l", Scope: m.id, Body: []byte(`{"owner":"another","beat":1}`),
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.disk.commit(t.Context()); err == nil {
		t.Error("a server without its lock could write")
	}
	if got := <-ended; got.Code == 0 {
		t.Errorf("the program went on: %+v", got)
	}
}

func awaitFile(t *testing.T, m *machine, name string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if f, err := m.disk.stat(name); err == nil && len(f.Data) > 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%s did not appear", name)
}
