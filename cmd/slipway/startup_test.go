package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestStartRefused starts the server where it cannot work: it must end with a
// sentence that names what is wrong and the way out.
func TestStartRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the binary")
	}
	running := newProcess(t)
	running.start()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()

	for name, tc := range map[string]struct {
		reason string
		args   []string
		env    []string
		nobody bool // as a user without rights
		code   int
		words  []string
		never  string // what must not be repeated
	}{
		"ErrPortTaken": {
			reason: "another program listens there",
			args:   []string{"--addr", taken.Addr().String(), "--data-dir", t.TempDir()},
			code:   1, words: []string{taken.Addr().String(), "in use", "--addr"},
		},
		"ErrDataDirInUse": {
			reason: "a second server on the same folder would corrupt nothing, but would not help either",
			args:   []string{"--addr", "127.0.0.1:0", "--data-dir", running.dir},
			code:   1, words: []string{"another process", "SLIPWAY_DATA_DIR"},
		},
		"ErrNewerVersion": {
			reason: "a database of a newer version is never migrated backward",
			args:   []string{"--addr", "127.0.0.1:0", "--data-dir", newerDatabase(t)},
			code:   1, words: []string{"newer"},
		},
		"ErrDataDirNotWritable": {
			reason: "a folder that this user may not write to",
			args:   []string{"--addr", "127.0.0.1:0", "--data-dir", "/proc/slipway"},
			code:   1, words: []string{"/proc/slipway", "--data-dir"},
		},
		"ErrNoPermission": {
			reason: "a folder of somebody else",
			args:   []string{"--addr", "127.0.0.1:0", "--data-dir", readOnlyFolder(t)},
			nobody: true, code: 1, words: []string{"permission", "--data-dir"},
		},
		"ErrBadSetting": {
			reason: "a setting that means nothing", env: []string{"SLIPWAY_REHEARSAL=perhaps"},
			args: []string{"--addr", "127.0.0.1:0", "--data-dir", t.TempDir()},
			code: 2, words: []string{"SLIPWAY_REHEARSAL", "perhaps", "auto, only or off"},
		},
		"ErrBadNumber": {
			reason: "a number that is none", env: []string{"SLIPWAY_QUEUE_WORKERS=many"},
			args: []string{"--addr", "127.0.0.1:0", "--data-dir", t.TempDir()},
			code: 2, words: []string{"SLIPWAY_QUEUE_WORKERS", "many", "whole number"},
		},
		"ErrBadPort": {
			reason: "no port is that high: it is not in use",
			args:   []string{"--addr", "127.0.0.1:99999", "--data-dir", t.TempDir()},
			code:   2, words: []string{"SLIPWAY_ADDR", "127.0.0.1:8080"},
		},
		"ErrBadDatabase": {
			reason: "a kind of database that there is none of must not become a file of that name",
			args:   []string{"--addr", "127.0.0.1:0", "--data-dir", t.TempDir(), "--database-url", "mysql://u:hidden@h/d"},
			code:   2, words: []string{"SLIPWAY_DATABASE_URL", "mysql://", "postgres://"}, never: "hidden",
		},
		"ErrBadHosts": {
			reason: "a URL in the place of a host would allow nothing, silently",
			env:    []string{"SLIPWAY_IMPORT_HOSTS=https://git.example.com/"},
			args:   []string{"--addr", "127.0.0.1:0", "--data-dir", t.TempDir()},
			code:   2, words: []string{"SLIPWAY_IMPORT_HOSTS", "git.example.com"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.nobody && os.Geteuid() != 0 {
				t.Skip("only root may become somebody else")
			}
			code, output := serveOnce(t, tc.nobody, tc.env, tc.args...)
			if code != tc.code {
				t.Errorf("%s: exit code %d, want %d", tc.reason, code, tc.code)
			}
			for _, word := range tc.words {
				if !strings.Contains(output, word) {
					t.Errorf("%s: the message does not name %q:\n%s", tc.reason, word, output)
				}
			}
			if tc.never != "" && strings.Contains(output, tc.never) {
				t.Errorf("%s: the message repeats a password:\n%s", tc.reason, output)
			}
		})
	}
}

// serveOnce runs "slipway serve" until it ends by itself.
func serveOnce(t *testing.T, nobody bool, env []string, args ...string) (int, string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, path, append([]string{"serve"}, args...)...)
	command.Env = append(os.Environ(), env...)
	if nobody {
		if err := os.Chmod(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a folder with nothing but the program
			t.Fatal(err)
		}
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err = command.Run()
	exit, ended := errors.AsType[*exec.ExitError](err)
	if !ended {
		t.Fatalf("it did not refuse: %v\n%s", err, output.String())
	}
	return exit.ExitCode(), output.String()
}

func readOnlyFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "slipway-read-only-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o555); err != nil { //nolint:gosec // that is the case
		t.Fatal(err)
	}
	return dir
}

// newerDatabase makes a data folder whose database says that a later version
// migrated it.
func newerDatabase(t *testing.T) string {
	t.Helper()
	p := newProcess(t)
	p.start()
	p.kill()
	db, err := sql.Open("sqlite", filepath.Join(p.dir, "slipway.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(`INSERT INTO slipway_schema (version_id, is_applied) VALUES (999999, 1)`); err != nil {
		t.Fatal(err)
	}
	return p.dir
}
