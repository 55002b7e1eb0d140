package control_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
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

// archives keeps archives in memory.
type archives map[string][]byte

func (a archives) Put(_ context.Context, digest string, content io.Reader) error {
	data, err := io.ReadAll(content)
	a[digest] = data
	return err
}

func (a archives) Open(_ context.Context, digest string) (io.ReadCloser, error) {
	data, ok := a[digest]
	if !ok {
		return nil, fmt.Errorf("no archive %s", digest)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// bundle is a Control on a fresh database that has begun.
type bundle struct {
	*control.Control
	store    *store.Store
	world    rehearsal.State
	archives archives
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
	if err := engine.Migrate(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	queue, err := engine.NewQueue(s)
	if err != nil {
		t.Fatal(err)
	}
	world, kept := rehearsal.NewMemory(), archives{}
	c, err := control.New(control.Config{
		Store: s, Queue: queue, Archives: kept, Catalogue: catalogue{}, Rehearsal: policy,
		World: world, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
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
	if _, err := c.Begin(t.Context(), control.FirstStart{HashPassword: func(string) (string, error) { return "hash", nil }}); err != nil {
		t.Fatal(err)
	}
	return bundle{c, s, world, kept}
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
