package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipwayhq/slipway/cmd/slipway/cli"
	"github.com/slipwayhq/slipway/store/database"
)

func serveCommand() *cobra.Command {
	var s settings
	command := &cobra.Command{
		Use:   "serve",
		Short: "Serve the portal, the API and the engine",
		Long: `Serve the portal, the API and the engine on one address.

The first start makes the data folder with everything a newcomer needs: a
database, a key, the account admin (its password is printed once), the bundled
blueprints, and placeholder cloud credentials, so that environments can be
rehearsed before any cloud is touched.

Every flag is also an environment variable: --data-dir is SLIPWAY_DATA_DIR.
The admin's first password comes from SLIPWAY_ADMIN_PASSWORD if it is set.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return &cli.UsageError{Err: fmt.Errorf("serve takes flags only, not %q; see slipway serve --help", args[0])}
		},
		RunE: func(command *cobra.Command, _ []string) error {
			if err := fromEnvironment(command.Flags(), os.LookupEnv); err != nil {
				return &cli.UsageError{Err: err}
			}
			// Never a flag: arguments are public on the machine.
			s.adminPassword = os.Getenv("SLIPWAY_ADMIN_PASSWORD")
			c, err := s.check()
			if err != nil {
				return &cli.UsageError{Err: err}
			}
			return serve(command.Context(), c, unknownVariables(command.Flags(), os.Environ()))
		},
	}
	s.flags(command.Flags())
	return command
}

// serve runs the server until ctx ends. unknown are variables that look like
// settings and are none.
func serve(ctx context.Context, c config, unknown []string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: c.level}))
	for _, name := range unknown {
		log.Warn("this version has no such setting; it is ignored", "variable", name)
	}
	listener, err := net.Listen("tcp", c.addr)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w; stop what uses it or choose another address with --addr", c.addr, reasonOf(err))
	}
	defer func() { _ = listener.Close() }() // closed by the server in the good case
	c.listening(listener.Addr())
	return whereFull(run(ctx, c, listener, log), c.dataDir)
}

// run builds the server and serves on the listener until ctx ends.
func run(ctx context.Context, c config, listener net.Listener, log *slog.Logger) error {
	if err := openDataDir(c.dataDir); err != nil {
		return err
	}
	app, err := build(ctx, c, log)
	if err != nil {
		return err
	}
	defer app.close(log)
	welcome(app)
	if err := writePrivate(filepath.Join(c.dataDir, "admin-token"), app.adminToken); err != nil {
		return err
	}
	if err := app.engine.Start(ctx); err != nil {
		return err
	}
	greet(c)
	return app.serveHTTP(ctx, listener, log)
}

// reasonOf takes the address off a network error: the sentence around it has it.
func reasonOf(err error) error {
	if operation, ok := errors.AsType[*net.OpError](err); ok {
		return operation.Err
	}
	return err
}

// whereFull names the way out when a disk is full: databases only say that.
func whereFull(err error, dataDir string) error {
	if database.Classify(err) != database.FailureFull && !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return fmt.Errorf("there is no space left for the data folder %s or the database; free some and start again, nothing is lost (%w)", dataDir, err)
}

// welcome prints what the first start alone can tell. It is printed before
// anything else may fail: the password is known to nobody but this process.
func welcome(app *app) {
	if !app.begun.First {
		return
	}
	fmt.Fprintf(os.Stderr, "\n  Sign in as admin")
	if app.begun.Password != "" {
		fmt.Fprintf(os.Stderr, " with the password %s (shown only now)", app.begun.Password)
	}
	fmt.Fprintln(os.Stderr)
}

// greet prints what a person who just started the server wants to know.
func greet(c config) {
	fmt.Fprintf(os.Stderr, "\n  Slipway %s is ready on %s\n  The command line finds its token in %s\n\n",
		version, c.publicURL, filepath.Join(c.dataDir, "admin-token"))
}

// Times of the HTTP server. Event streams switch their write deadline off.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	drainTimeout      = 5 * time.Second
	stopTimeout       = 40 * time.Second // over the engine's 20 s for steps in flight
)

func (a *app) serveHTTP(ctx context.Context, listener net.Listener, log *slog.Logger) error {
	streams, endStreams := context.WithCancel(context.WithoutCancel(ctx))
	defer endStreams()
	server := &http.Server{
		Handler: a.handler, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout,
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return streams },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping; steps in flight get 20 s")
	endStreams()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		log.Debug("close connections", "error", err)
	}
	stop, cancelStop := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancelStop()
	if err := a.engine.Stop(stop); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
