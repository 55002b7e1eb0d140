package ssh_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	gossh "golang.org/x/crypto/ssh"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// TestOpenSSH holds the provider to its contract on a real sshd.
func TestOpenSSH(t *testing.T) {
	t.Parallel()
	suite(t, func(t *testing.T) *peer { return startSSHD(t, "AllowStreamLocalForwarding yes") })
}

// TestOpenSSHPortsOnly repeats what depends on how ctx is reached.
func TestOpenSSHPortsOnly(t *testing.T) {
	t.Parallel()
	suite(t, func(t *testing.T) *peer { return startSSHD(t, "AllowStreamLocalForwarding no") },
		"CtxVerbs", "FollowedAfterARestart", "BrokenConnection")
}

// startSSHD starts an sshd on a free port of the loopback with keys of its own.
func startSSHD(t *testing.T, options string) *peer {
	t.Helper()
	const sshd = "/usr/sbin/sshd"
	for _, tool := range []string{sshd, "/usr/bin/flock", "/usr/bin/setsid"} {
		if _, err := os.Stat(tool); err != nil {
			t.Skipf("no %s on this machine", tool)
		}
	}
	if os.Getuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Skipf("sshd needs /run/sshd: %v", err)
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := shortTempDir(t)
	hostKey, _ := newKey(t)
	userKey, public := newKey(t)
	write(t, dir, "host", hostKey)
	write(t, dir, "authorized", string(gossh.MarshalAuthorizedKey(public)))
	write(t, dir, "config", strings.Join([]string{
		"ListenAddress 127.0.0.1", "HostKey " + dir + "/host", "PidFile none",
		"AuthorizedKeysFile " + dir + "/authorized", "StrictModes no", "UsePAM no", "PasswordAuthentication no",
		"PermitRootLogin prohibit-password", "AllowTcpForwarding yes", options,
		// A home of its own: what the user's own shell start-up prints is not ours.
		"SetEnv HOME=" + dir, "",
	}, "\n"))
	port := listen(t, sshd, filepath.Join(dir, "config"))
	base := filepath.Join(dir, "base")
	if err := os.Mkdir(base, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { killRuns(base) })
	return &peer{
		host: "127.0.0.1", port: port, user: me.Username, key: userKey, base: base,
		dial:   (&net.Dialer{}).DialContext,
		reboot: func() { killRuns(base) },
	}
}

// killRuns kills the process groups of the runs below base, and waits until they
// have given up their locks.
func killRuns(base string) {
	pids, _ := filepath.Glob(base + "/.slipway/runs/*/*/pid")
	for _, name := range pids {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			continue
		}
		group, err := syscall.Getpgid(pid)
		if err != nil || group == syscall.Getpgrp() {
			continue // ended
		}
		_ = syscall.Kill(-group, syscall.SIGKILL)
	}
	locks, _ := filepath.Glob(base + "/.slipway/runs/*/lock")
	for _, lock := range locks {
		_ = exec.Command("/usr/bin/flock", "-w", "30", lock, "/bin/true").Run()
	}
}

// shortTempDir is a temporary directory whose paths leave room for a socket's.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sshd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// listen runs the sshd until the test ends, and returns its port. sshd cannot be
// handed a listener or asked for any port, so a free one is guessed; when
// somebody else took it meanwhile, the next one is.
func listen(t *testing.T, sshd, config string) int64 {
	t.Helper()
	for range 10 {
		port := guessPort(t)
		said := &complaints{listening: make(chan struct{})}
		command := exec.CommandContext(context.WithoutCancel(t.Context()), sshd, "-D", "-e", "-f", config, "-p", itoa(port))
		command.Stderr = said
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = command.Wait() // its log says why
		}()
		select {
		case <-said.listening:
			t.Cleanup(func() {
				_ = command.Process.Kill()
				<-ended
				if t.Failed() {
					t.Log(said)
				}
			})
			return port
		case <-ended:
			t.Logf("sshd on port %d: %s", port, said)
		}
	}
	t.Fatal("sshd does not listen")
	return 0
}

func guessPort(t *testing.T) int64 {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return int64(listener.Addr().(*net.TCPAddr).Port)
}

// complaints is what an sshd writes to its log.
type complaints struct {
	mu        sync.Mutex
	text      strings.Builder
	listening chan struct{} // closed once it says that it listens
	heard     bool
}

func (c *complaints) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.Write(p)
	if !c.heard && strings.Contains(c.text.String(), "Server listening on") {
		c.heard = true
		close(c.listening)
	}
	return len(p), nil
}

func (c *complaints) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// TestCtxWithoutPython runs the verbs with the client that needs only sh and
// curl: the machine's PATH has no python3.
func TestCtxWithoutPython(t *testing.T) {
	t.Parallel()
	p := startSSHD(t, "AllowStreamLocalForwarding yes")
	tools := filepath.Join(shortTempDir(t), "bin")
	if err := os.Mkdir(tools, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"sh", "cat", "rm", "mktemp", "base64", "tr", "curl", "sleep"} {
		at, err := exec.LookPath(tool)
		if err != nil {
			t.Skipf("no %s on this machine", tool)
		}
		if err := os.Symlink(at, filepath.Join(tools, tool)); err != nil {
			t.Fatal(err)
		}
	}
	r := newRecord()
	call := p.call(r, "e-1", `#!/bin/sh
set -eu
command -v python3 && exit 8
echo "port $(ctx node properties port)"
ctx instance runtime-properties map '@{"a": [1, "b c"]}'
printf '%s' "$word" | ctx --stdin instance runtime-properties word
echo "map $(ctx instance runtime-properties map)"
cat "$(ctx download-resource-and-render conf/db.conf)"
if ctx node properties nope; then exit 9; fi
ctx returns done
`, values{"word": "it's\n\"$HOME\"", "process": values{"base_dir": p.base, "env": values{"PATH": p.base + "/.slipway/bin:" + tools}}})
	result, err := p.provider(t).Run(t.Context(), call)
	if err != nil {
		t.Fatal(err, r.lines)
	}
	got := []any{result.Value, r.output("stdout"), r.output("stderr"), r.runtime["word"]}
	want := []any{"done", []string{"port 5432", `map {"a":[1,"b c"]}`, "port=5432"}, []string{`there is no "nope"`}, "it's\n\"$HOME\""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
