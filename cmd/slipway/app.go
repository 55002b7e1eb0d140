package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	"github.com/slipwayhq/slipway/store"
	blobfile "github.com/slipwayhq/slipway/store/blob/file"
	"github.com/slipwayhq/slipway/store/database"
	keeperfile "github.com/slipwayhq/slipway/store/keeper/file"
	"github.com/slipwayhq/slipway/store/rehearsalstore"
	"github.com/slipwayhq/slipway/web/auth"
)

// app is a built server: everything wired, nothing running.
type app struct {
	control    *control.Control
	engine     *engine.Engine
	handler    http.Handler
	begun      control.Begun
	adminToken string
	closers    []func() error // in the order of building
}

func (a *app) onClose(closer func() error) { a.closers = append(a.closers, closer) }

// onStop is onClose for what cannot fail.
func (a *app) onStop(stop func()) { a.onClose(func() error { stop(); return nil }) }

// close gives everything back, last built first.
func (a *app) close(log *slog.Logger) {
	for i := len(a.closers) - 1; i >= 0; i-- {
		if err := a.closers[i](); err != nil {
			log.Error("close", "error", err)
		}
	}
}

// build wires store → queue → control → providers → engine → web. What was
// opened before a failure is closed again.
func build(ctx context.Context, c config, log *slog.Logger) (built *app, err error) {
	a := &app{adminToken: rand.Text()}
	defer func() {
		if err != nil {
			a.close(log)
		}
	}()
	if err := a.lockDataDir(c); err != nil {
		return nil, err
	}
	stored, sealer, err := a.openStore(ctx, c, log)
	if err != nil {
		return nil, err
	}
	world, err := a.openWorld(ctx, c, sealer)
	if err != nil {
		return nil, err
	}
	queue, err := engine.NewQueue(stored)
	if err != nil {
		return nil, err
	}
	if err := a.buildControl(c, stored, queue, world, log); err != nil {
		return nil, err
	}
	registry := a.providers(c, world)
	a.control.UseProviders(registry)
	handler, stop, err := newHandler(c, a, log)
	if err != nil {
		return nil, err
	}
	a.handler = handler
	a.onStop(stop)
	server, err := serverName(c.dataDir)
	if err != nil {
		return nil, err
	}
	// Nothing that the world may refuse comes after the first start: it makes a
	// password that is told once.
	a.begun, err = a.control.Begin(ctx, control.FirstStart{HashPassword: auth.HashPassword, Password: c.adminPassword})
	if err != nil {
		return nil, err
	}
	return a, a.buildEngine(c, server, stored, queue, registry, log)
}

// lockDataDir keeps a second server out of this server's folder: it would go
// under the same name in leases. On SQLite the database file's own lock does it.
func (a *app) lockDataDir(c config) error {
	if !database.IsPostgres(c.databaseURL) {
		return nil
	}
	release, err := database.Lock(filepath.Join(c.dataDir, "server.lock"))
	if err == nil {
		a.onClose(release)
	}
	return err
}

func (a *app) buildControl(c config, stored *store.Store, queue *engine.Queue, world *rehearsal.World, log *slog.Logger) error {
	archives, err := blobfile.Open(c.blobURL)
	if err != nil {
		return fmt.Errorf("open the archives (SLIPWAY_BLOB_URL): %w", err)
	}
	a.onClose(archives.Close)
	a.control, err = control.New(control.Config{
		Store: stored, Queue: queue, Archives: archives, Catalogue: catalogue{},
		Rehearsal: c.policy, World: world.State, ImportHosts: c.importHosts, Fetch: fetchImport,
		Now: time.Now, Logger: log,
	})
	return err
}

func (a *app) buildEngine(c config, server string, stored *store.Store, queue *engine.Queue, registry provider.Registry, log *slog.Logger) (err error) {
	a.engine, err = engine.New(engine.Config{
		Store: stored, Queue: queue, Providers: registry, Resources: a.control.Resources,
		Installation: a.begun.Installation, Server: server,
		QueueWorkers: c.queueWorkers, OperationSlots: c.operationSlots, ResidentExecutions: c.residentExecutions,
		RehearsalSpeed: c.engineSpeed(), Clock: engine.SystemClock{}, Logger: log,
	})
	return err
}

func (a *app) openStore(ctx context.Context, c config, log *slog.Logger) (*store.Store, store.Sealer, error) {
	key, err := keeperfile.Open(c.keeperURL)
	if err != nil {
		return nil, nil, fmt.Errorf("open the key (SLIPWAY_KEEPER_URL): %w", err)
	}
	a.onClose(key.Close)
	sealer, err := store.NewEnvelope(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	stored, err := store.Open(ctx, store.Options{URL: c.databaseURL, Sealer: sealer, Logger: log})
	if err != nil {
		return nil, nil, err
	}
	a.onClose(stored.Close)
	if err := stored.Migrate(ctx); err != nil {
		return nil, nil, err
	}
	return stored, sealer, engine.Migrate(ctx, stored)
}

func (a *app) openWorld(ctx context.Context, c config, sealer store.Sealer) (*rehearsal.World, error) {
	state, err := rehearsalstore.Open(ctx, rehearsalstore.Options{URL: c.rehearsalURL(), Sealer: sealer})
	if err != nil {
		return nil, fmt.Errorf("open the rehearsal clouds: %w", err)
	}
	a.onClose(state.Close)
	return rehearsal.New(rehearsal.Config{State: state, Speed: c.speed, Now: time.Now, Faults: c.faults}), nil
}
