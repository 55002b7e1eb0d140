package cli

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestJourney runs testdata/journey/*.txt against the program itself, each
// script with a server and a data folder of its own.
func TestJourney(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the program")
	}
	program := filepath.Join(t.TempDir(), "slipway")
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "..").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/journey",
		Setup: func(env *testscript.Env) error {
			address, stop, err := serve(program, env.WorkDir)
			if err != nil {
				return err
			}
			env.Defer(stop)
			env.Setenv("SLIPWAY_URL", "http://"+address)
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// serve starts the program with its data in dir/var, where clients look for
// their token, and waits until it is ready.
func serve(program, dir string) (address string, stop func(), err error) {
	if address, err = freeAddress(); err != nil {
		return "", nil, err
	}
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	server := exec.CommandContext(ctx, program, "serve", "--addr", address, "--data-dir", filepath.Join(dir, "var"))
	server.Env = append(os.Environ(), "SLIPWAY_REHEARSAL_SPEED=max", "SLIPWAY_ADMIN_PASSWORD=open sesame")
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		cancel()
		return "", nil, err
	}
	stop = func() {
		cancel()
		_ = server.Wait() // says only that it was killed
		_ = log.Close()
	}
	for ctx.Err() == nil {
		if response, err := http.Get("http://" + address + "/readyz"); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return address, stop, nil
			}
		}
		if server.ProcessState != nil {
			break
		}
		time.Sleep(20 * time.Millisecond) // nothing signals a port that opens
	}
	stop()
	text, _ := os.ReadFile(log.Name())
	return "", nil, fmt.Errorf("the server is not ready:\n%s", text)
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
