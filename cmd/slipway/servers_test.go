package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/store/pgtest"
)

// pauseFor is how long the paused server sleeps: past the takeover, which comes
// after 12 s. SLIPWAY_LONG_PAUSE asks for the full minute.
func pauseFor() time.Duration {
	if os.Getenv("SLIPWAY_LONG_PAUSE") != "" {
		return time.Minute
	}
	return 20 * time.Second
}

// takeoverLimit is within which another server must go on.
const takeoverLimit = 20 * time.Second

// pair is two servers on one PostgreSQL database.
type pair struct {
	t       *testing.T
	servers map[string]*process // by name in leases
	db      *sql.DB
}

func newPair(t *testing.T) *pair {
	t.Helper()
	url := pgtest.Start(t).Database(t)
	shared := t.TempDir()
	pr := &pair{t: t, servers: map[string]*process{}}
	for range 2 {
		p := newProcess(t, "SLIPWAY_DATABASE_URL="+url, "SLIPWAY_REHEARSAL_SPEED=20",
			"SLIPWAY_KEEPER_URL=file://"+filepath.Join(shared, "key"), "SLIPWAY_BLOB_URL=file://"+filepath.Join(shared, "blobs"))
		p.start()
		name, err := os.ReadFile(filepath.Join(p.dir, "server-id"))
		if err != nil {
			t.Fatal(err)
		}
		pr.servers[strings.TrimSpace(string(name))] = p
	}
	var err error
	if pr.db, err = sql.Open("pgx", url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pr.db.Close() })
	return pr
}

func (pr *pair) any() *process {
	for _, p := range pr.servers {
		return p
	}
	return nil
}

// holder waits until some server runs the execution and a step of its tree is
// in flight, and returns it and the other.
func (pr *pair) holder(execution string) (holder, other *process) {
	pr.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		var name string
		var running int
		err := pr.db.QueryRow(`SELECT server, (SELECT count(*) FROM steps s JOIN executions e ON e.id = s.execution_id
			WHERE e.root_id = $1 AND s.state = 'running') FROM executions WHERE id = $1`, execution).Scan(&name, &running)
		if err != nil {
			pr.t.Fatal(err)
		}
		if p := pr.servers[name]; p != nil && running > 0 {
			for each, q := range pr.servers {
				if each != name {
					return p, q
				}
			}
		}
		time.Sleep(20 * time.Millisecond) // rows are polled
	}
	pr.t.Fatal("no server took the execution")
	return nil, nil
}

func (pr *pair) lastSeq(execution string) (seq int64) {
	pr.t.Helper()
	if err := pr.db.QueryRow(`SELECT coalesce(max(seq), 0) FROM events WHERE root_id = $1`, execution).Scan(&seq); err != nil {
		pr.t.Fatal(err)
	}
	return seq
}

// awaitProgress returns how long it took until the log grew past seq.
func (pr *pair) awaitProgress(execution string, seq int64) time.Duration {
	pr.t.Helper()
	began := time.Now()
	for pr.lastSeq(execution) <= seq {
		if time.Since(began) > time.Minute {
			pr.t.Fatal("nobody took over")
		}
		time.Sleep(100 * time.Millisecond) // rows are polled
	}
	return time.Since(began)
}

// TestTwoServers kills, and in another run pauses, the server that runs an
// install; the other must go on within 20 s and end it.
func TestTwoServers(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for takeovers")
	}
	pr := newPair(t)
	t.Run("Killed", func(t *testing.T) {
		pr.t = t
		p := pr.any()
		p.launch("killed", "aws", "dev-small")
		x := p.run("killed", "install")
		holder, other := pr.holder(x.ID)
		holder.kill()
		seq := pr.lastSeq(x.ID)
		took := pr.awaitProgress(x.ID, seq)
		t.Logf("the other server wrote its first row %s after the kill", took.Round(100*time.Millisecond))
		if took > takeoverLimit {
			t.Errorf("the takeover took %s, want under %s", took, takeoverLimit)
		}
		if ended := other.await(x.ID, 3*time.Minute); ended.Status != "terminated" {
			t.Errorf("the install ended %s: %s", ended.Status, ended.Error)
		}
		holder.start()
	})
	t.Run("PausedAndWoken", func(t *testing.T) {
		pr.t = t
		p := pr.any()
		p.launch("paused", "aws", "dev-small")
		x := p.run("paused", "install")
		holder, other := pr.holder(x.ID)
		if err := holder.command.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		paused := time.Now()
		took := pr.awaitProgress(x.ID, pr.lastSeq(x.ID))
		if took > takeoverLimit {
			t.Errorf("the takeover took %s, want under %s", took, takeoverLimit)
		}
		if ended := other.await(x.ID, 3*time.Minute); ended.Status != "terminated" {
			t.Errorf("the install ended %s: %s", ended.Status, ended.Error)
		}
		time.Sleep(time.Until(paused.Add(pauseFor()))) // the pause itself
		seq, calls := pr.lastSeq(x.ID), effective(other, "paused")
		if err := holder.command.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second) // the woken server would write now, if it did
		if after := pr.lastSeq(x.ID); after != seq {
			t.Errorf("the woken server wrote %d events", after-seq)
		}
		if diff := cmp.Diff(calls, effective(other, "paused")); diff != "" {
			t.Errorf("the woken server created something (-before +after):\n%s", diff)
		}
	})
}

// effective counts effective calls of an environment by call.
func effective(p *process, environment string) map[string]int {
	p.t.Helper()
	counts := map[string]int{}
	for _, call := range p.rehearsed("calls") {
		if call.Effective && strings.HasPrefix(call.Deployment, environment) {
			counts[call.Call]++
		}
	}
	return counts
}
