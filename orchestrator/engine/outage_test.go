package engine_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/pgtest"
	"github.com/slipwayhq/slipway/store/storetest"
)

// TestOutages cuts servers off from PostgreSQL in the middle of a step. They
// take as long as a lease does, so they run side by side.
func TestOutages(t *testing.T) {
	server := pgtest.Start(t)
	t.Run("NobodyNotices", func(t *testing.T) {
		t.Parallel()
		testOutageGoesUnnoticed(t, server.Database(t))
	})
	t.Run("CutOffServerDoesNothing", func(t *testing.T) {
		t.Parallel()
		testCutOffServerDoesNothing(t, server.Database(t))
	})
}

// A database that refuses connections for longer than a heartbeat lasts costs
// time and nothing else: the step in flight goes on, what it says and sets is
// kept, nothing is tried again, and the log stays readable.
func testOutageGoesUnnoticed(t *testing.T, database string) {
	const outage = 10 * time.Second
	wire, cut, h := newOutage(t, database)
	log := &lines{}
	_, queue := cut.start(func(cfg *engine.Config) { cfg.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	h.acts.on("network.create", func(ctx context.Context, call *provider.Call) (provider.Result, error) {
		wire.cut()
		mended := time.AfterFunc(outage, wire.mend)
		defer mended.Stop()
		call.Log.Output("stdout", "said in the dark")
		if err := call.Journal.Set(ctx, values{"id": "net-1"}); err != nil {
			return provider.Result{}, err
		}
		_, done, err := call.Journal.Fence(ctx)
		if err != nil {
			return provider.Result{}, err
		}
		done()
		return provider.Result{Set: values{"state": "available"}}, nil
	})
	h.acts.on("vm.create", func(ctx context.Context, call *provider.Call) (provider.Result, error) {
		wire.cut() // nothing is asked of the journal: the outcome itself has to wait
		time.AfterFunc(time.Second, wire.mend)
		return provider.Result{}, nil
	})
	d := h.deploy("d", "network", "vm")
	x := h.await(h.dispatch(queue, d, "install"))
	if x.Status != orchestrator.Terminated {
		t.Fatalf("ended %s with %q", x.Status, x.Error)
	}
	want := []string{"network.create", "network.configure", "network.start", "vm.create", "vm.configure", "vm.start"}
	if diff := cmp.Diff(want, h.acts.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(values{"id": "net-1", "state": "available"}, h.runtime(d, "network_1")); diff != "" {
		t.Errorf("runtime properties (-want +got):\n%s", diff)
	}
	said := slices.ContainsFunc(h.events(x.ID), func(e orchestrator.Event) bool { return e.Message == "said in the dark" })
	if !said {
		t.Error("what the step said while the database was away is lost")
	}
	if n := strings.Count(log.String(), "\n"); n > 12 || !strings.Contains(log.String(), "takes part again") {
		t.Errorf("the log of the outage has %d lines:\n%s", n, log)
	}
}

// A server that was cut off until another took over, and then finds the way
// back, sends nothing to a cloud and writes nothing: a new heartbeat does not
// bring back a lease.
func testCutOffServerDoesNothing(t *testing.T, database string) {
	wire, cut, other := newOutage(t, database)
	acts := other.acts
	begun, refused := make(chan struct{}), make(chan error, 1)
	acts.on("vm.create", func(_ context.Context, call *provider.Call) (provider.Result, error) {
		if call.Resumed {
			return provider.Result{}, nil
		}
		close(begun)
		before := other.beat("server-1")
		other.until("the other server has taken over and is done", func() bool { return acts.count("vm.create") == 2 })
		wire.mend()
		other.until("the first server's heart beats again", func() bool { return other.beat("server-1") != before })
		ctx, cancel := context.WithTimeout(context.Background(), patience) // a leaf that does not heed its own
		defer cancel()
		_, _, err := call.Journal.Fence(ctx)
		refused <- err
		return provider.Result{Set: values{"stale": true}}, nil
	})
	_, queue := cut.start()
	d := cut.deploy("d", "vm")
	id := cut.dispatch(queue, d, "install")
	cut.signal("the create call", begun)
	wire.cut()
	other.start()
	if x := other.await(id); x.Status != orchestrator.Terminated {
		t.Fatalf("ended %s with %q", x.Status, x.Error)
	}
	select {
	case err := <-refused:
		if err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the server that lost its lease may send a request: %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the first server never asked")
	}
	if got := other.runtime(d, "vm_1"); len(got) != 0 {
		t.Errorf("the server that lost its lease wrote %v", got)
	}
	other.events(id)
}

// newOutage opens a database twice: over a wire that can be cut, and directly.
func newOutage(t *testing.T, database string) (wire *wire, cut, direct *harness) {
	t.Helper()
	wire, sealer, acts := newWire(t, database), storetest.Sealer(t), &acts{does: map[string]act{}}
	cut = &harness{t: t, store: openWith(t, wire.url, sealer), acts: acts}
	direct = &harness{t: t, store: openWith(t, database, sealer), acts: acts, server: 1}
	if err := engine.Migrate(t.Context(), direct.store); err != nil {
		t.Fatal(err)
	}
	return wire, cut, direct
}

// beat is a server's heartbeat as others see it.
func (h *harness) beat(server string) (counter int64) {
	h.t.Helper()
	if err := h.store.View(context.Background(), func(tx *store.Tx) error {
		beats, err := tx.Servers(context.Background())
		counter = beats[server]
		return err
	}); err != nil {
		h.t.Error(err)
	}
	return counter
}

func openWith(t *testing.T, database string, sealer store.Sealer) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: database, Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// wire leads to a database and can be cut: then connections end, and new ones
// are refused. It is picked up at a socket in a folder of its own, which nobody
// else can take while it is cut.
type wire struct {
	t            *testing.T
	url          string
	near         string
	network, far string // where it leads
	mu           sync.Mutex
	intake       net.Listener // nil while cut
	open         map[net.Conn]bool
}

func newWire(t *testing.T, database string) *wire {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	config, err := pgconn.ParseConfig(database)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.MkdirTemp("", "wire") // a test's own has a path too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	w := &wire{t: t, open: map[net.Conn]bool{}}
	w.network, w.far = pgconn.NetworkAddress(config.Host, config.Port)
	const port = 5432
	_, w.near = pgconn.NetworkAddress(folder, port)
	w.mend()
	u.Host, u.RawQuery = "", url.Values{"host": {folder}, "port": {strconv.Itoa(port)}}.Encode()
	w.url = u.String()
	t.Cleanup(w.cut)
	return w
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.intake != nil {
		return
	}
	intake, err := net.Listen("unix", w.near)
	if err != nil {
		w.t.Errorf("mend the wire: %v", err)
		return
	}
	w.intake = intake
	go w.serve(intake)
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.intake == nil {
		return
	}
	_ = w.intake.Close()
	w.intake = nil
	for c := range w.open {
		_ = c.Close()
	}
	clear(w.open)
}

func (w *wire) serve(intake net.Listener) {
	for {
		near, err := intake.Accept()
		if err != nil {
			return // cut
		}
		far, err := net.Dial(w.network, w.far)
		if err != nil {
			_ = near.Close()
			continue
		}
		w.mu.Lock()
		if w.intake != intake { // cut meanwhile
			_, _ = near.Close(), far.Close()
		}
		w.open[near], w.open[far] = true, true
		w.mu.Unlock()
		go pass(far, near)
		go pass(near, far)
	}
}

// pass copies until either end closes, and then closes both.
func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	_, _ = to.Close(), from.Close()
}
