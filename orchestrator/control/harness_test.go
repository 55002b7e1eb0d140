package control_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipwayhq/slipway/blueprints"
	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/archive"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/blob/file"
	"github.com/slipwayhq/slipway/store/pgtest"
	"github.com/slipwayhq/slipway/store/storetest"
)

// catalogue is the bundled one.
type catalogue struct{}

func (catalogue) Types(location, version string) (text, name string, ok bool) {
	return blueprints.TypesFor(location, version)
}
func (catalogue) SampleEaasParams() string { return blueprints.SampleEaasParams() }

func (catalogue) EveryType() string { return blueprints.EveryType() }
func (catalogue) Blueprints() ([]control.BundledBlueprint, error) {
	var bundled []control.BundledBlueprint
	for _, entry := range blueprints.Catalog() {
		files, err := entry.Files()
		if err != nil {
			return nil, err
		}
		bundled = append(bundled, control.BundledBlueprint{ID: entry.ID, Files: files, MainFile: blueprints.MainFile})
	}
	return bundled, nil
}

// archives is a folder of archives that can be made to fail or to wait.
type archives struct {
	*file.Store
	folder   string
	onPut    func() error // after an archive is stored
	onDelete func() error // before one is removed
}

func newArchives(t *testing.T) *archives {
	t.Helper()
	a := &archives{folder: t.TempDir(), onPut: func() error { return nil }, onDelete: func() error { return nil }}
	var err error
	if a.Store, err = file.Open("file://" + a.folder); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *archives) Put(ctx context.Context, name string, content io.Reader) error {
	if err := a.Store.Put(ctx, name, content); err != nil {
		return err
	}
	return a.onPut()
}

func (a *archives) Delete(ctx context.Context, name string) error {
	if err := a.onDelete(); err != nil {
		return err
	}
	return a.Store.Delete(ctx, name)
}

// names lists what lies in the folder.
func (a *archives) names(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(a.folder, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range paths {
		paths[i] = filepath.Base(paths[i])
	}
	return paths
}

// clock is the time of day, moved on by as much as a test likes.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time           { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(by time.Duration) { c.ahead.Add(int64(by)) }

// bundle is a Control on a fresh database that has begun.
type bundle struct {
	*control.Control
	store    *store.Store
	world    rehearsal.State
	archives *archives
	clock    *clock
}

func setup(t *testing.T, policy compose.Policy) bundle {
	t.Helper()
	return setupOn(t, storetest.OpenSQLite(t), policy)
}

// onBothDatabases runs tests by name on SQLite and on PostgreSQL, each on a
// fresh Control that has begun.
func onBothDatabases(t *testing.T, tests map[string]func(*testing.T, bundle)) {
	t.Run("SQLite", func(t *testing.T) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) { test(t, setup(t, compose.Auto)) })
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		server := pgtest.Start(t) // skips by name where there is none
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				test(t, setupOn(t, storetest.Open(t, server.Database(t)), compose.Auto))
			})
		}
	})
}

func setupOn(t *testing.T, s *store.Store, policy compose.Policy) bundle {
	t.Helper()
	c := build(t, s, policy, newArchives(t))
	if _, err := c.Begin(t.Context(), firstStart); err != nil {
		t.Fatal(err)
	}
	return c
}

var firstStart = control.FirstStart{HashPassword: func(string) (string, error) { return "hash", nil }}

// build wires a Control that has not begun.
func build(t *testing.T, s *store.Store, policy compose.Policy, kept *archives) bundle {
	t.Helper()
	if err := engine.Migrate(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	queue, err := engine.NewQueue(s)
	if err != nil {
		t.Fatal(err)
	}
	world, clock := rehearsal.NewMemory(), &clock{}
	c, err := control.New(control.Config{
		Store: s, Queue: queue, Archives: kept, Catalogue: catalogue{}, Rehearsal: policy,
		World: world, Now: clock.now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	served := provider.Registry{}
	for _, name := range blueprints.Packages() {
		served[name] = provider.Func(nil)
	}
	served["cfy_extensions"] = provider.Func(nil)
	c.UseProviders(served)
	return bundle{c, s, world, kept, clock}
}

// as is somebody of the default team with a role.
func as(role orchestrator.Role) orchestrator.Actor {
	return orchestrator.Actor{Kind: orchestrator.ActorUser, Name: string(role), Team: orchestrator.DefaultTeam, Role: role}
}

// pack makes an archive of files given by name.
func pack(t *testing.T, files map[string]string) []byte {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	packed, err := archive.Pack(tree)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// wantError fails unless err has the code and its sentence holds the words.
func wantError(t *testing.T, err error, code orchestrator.Code, words ...string) {
	t.Helper()
	if orchestrator.ErrorCode(err) != code {
		t.Fatalf("error is %v of code %q, want code %q", err, orchestrator.ErrorCode(err), code)
	}
	for _, word := range words {
		if !bytes.Contains([]byte(orchestrator.ErrorMessage(err)), []byte(word)) {
			t.Errorf("the message %q does not name %q", orchestrator.ErrorMessage(err), word)
		}
	}
}
