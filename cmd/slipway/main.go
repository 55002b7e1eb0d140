// Command slipway is the whole product in one binary: "slipway serve" is the
// portal with its engine, every other command is a client of one. This package
// knows everybody and decides nothing: it reads the configuration, builds the
// parts in order and hands them to each other.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/slipwayhq/slipway/cmd/slipway/cli"
)

// version is set by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:]))
}

// execute runs one command line and returns its exit code: 0 done; 1 failed,
// cancelled or refused; 2 usage.
func execute(ctx context.Context, args []string) int {
	root := cli.New(version, bundled(), os.Stdin, os.Stdout, os.Stderr)
	root.AddCommand(serveCommand())
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var usage *cli.UsageError
	if errors.As(err, &usage) {
		fmt.Fprintln(os.Stderr, "slipway: "+err.Error())
		return 2
	}
	if message := err.Error(); message != "" {
		fmt.Fprintln(os.Stderr, "slipway: "+message)
	}
	return 1
}
