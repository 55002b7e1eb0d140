// Package pgtest starts a PostgreSQL server for the tests of a package, or uses
// the one that SLIPWAY_TEST_POSTGRES points at. Tests are skipped, by name,
// where there is neither. It is imported by tests only.
package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// setting names a running server, by the URL of a user who may create databases.
const setting = "SLIPWAY_TEST_POSTGRES"

// patience bounds starting and stopping; a loaded machine takes its time.
const patience = 2 * time.Minute

// Server is a running PostgreSQL server.
type Server struct {
	url    string // of the database "postgres"
	number atomic.Int64
}

// Start returns a server that stops when the test ends. Making one takes some
// seconds, so start it in a test and take a Database in each sub-test.
func Start(t testing.TB) *Server {
	t.Helper()
	if running := os.Getenv(setting); running != "" {
		return &Server{url: running}
	}
	bin := programs()
	if bin == "" {
		t.Skip("PostgreSQL is not installed, and " + setting + " points at no server")
	}
	owner := unprivileged(t)
	folder, err := os.MkdirTemp("", "slipway-pg-")
	if err != nil {
		t.Fatalf("create folder for PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Errorf("remove PostgreSQL's folder: %v", err)
		}
	})
	if owner != nil {
		if err := os.Chown(folder, owner.uid, owner.gid); err != nil {
			t.Fatalf("give PostgreSQL its folder: %v", err)
		}
	}
	data := filepath.Join(folder, "data")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	initialise := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	runAs(initialise, owner, folder)
	if output, err := initialise.CombinedOutput(); err != nil {
		t.Fatalf("initialise PostgreSQL: %v\n%s", err, output)
	}
	// On a socket in its own folder, so that no two servers want one port.
	serve(t, exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", folder,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"), owner, folder)
	return &Server{url: "postgres://postgres@/postgres?host=" + url.QueryEscape(folder)}
}

// Database creates an empty database, dropped when the test ends, and returns
// its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("slipway_%d_%d", os.Getpid(), s.number.Add(1))
	s.administer(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { s.administer(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatalf("%s is not a URL", setting)
	}
	u.Path = "/" + name
	return u.String()
}

func (s *Server) administer(t testing.TB, statement string) {
	t.Helper()
	// A test's own context has ended when its cleanups run.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	connection, err := pgx.Connect(ctx, s.url)
	if err != nil {
		t.Fatalf("connect to PostgreSQL: %v", err)
	}
	_, err = connection.Exec(ctx, statement)
	if err := errors.Join(err, connection.Close(ctx)); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// programs finds the folder of the newest installed server.
func programs() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is well-formed
	if len(found) == 0 {
		return ""
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest)
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // 0 for an odd name
	return n
}

// account is whom the server runs as.
type account struct{ uid, gid int }

// unprivileged answers whom to run as: the server refuses to run as root.
func unprivileged(t testing.TB) *account {
	if os.Geteuid() != 0 {
		return nil
	}
	found, err := user.Lookup("postgres")
	if err != nil {
		t.Skip("PostgreSQL refuses to run as root, and there is no user postgres")
	}
	uid, uidErr := strconv.Atoi(found.Uid)
	gid, gidErr := strconv.Atoi(found.Gid)
	if err := errors.Join(uidErr, gidErr); err != nil {
		t.Fatalf("look up user postgres: %v", err)
	}
	return &account{uid, gid}
}

// serve starts the server, waits until it says that it is ready, and stops it
// when the test ends.
func serve(t testing.TB, server *exec.Cmd, owner *account, folder string) {
	t.Helper()
	runAs(server, owner, folder)
	output, err := server.StderrPipe()
	if err != nil {
		t.Fatalf("read PostgreSQL's output: %v", err)
	}
	if err := server.Start(); err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	ready := make(chan string, 1)
	go watch(output, ready)
	t.Cleanup(func() {
		if err := server.Process.Signal(os.Interrupt); err != nil { // a fast shutdown
			t.Errorf("stop PostgreSQL: %v", err)
		}
		if err := server.Wait(); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
	})
	select {
	case log := <-ready:
		if log != "" {
			t.Fatalf("PostgreSQL did not start:\n%s", log)
		}
	case <-time.After(patience):
		t.Fatal("PostgreSQL did not start in time")
	}
}

// watch reads the server's log: it sends nothing but "" when the server is
// ready, or the whole log when it ended before. It reads on until the end, so
// that the server is not blocked.
func watch(output io.Reader, ready chan<- string) {
	var log strings.Builder
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		log.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "database system is ready to accept connections") {
			ready <- ""
			_, _ = io.Copy(io.Discard, output)
			return
		}
	}
	ready <- log.String()
}
