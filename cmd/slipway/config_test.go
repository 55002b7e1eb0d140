package main

import (
	"net"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// given is the settings that a command line makes.
func given(t *testing.T, args ...string) settings {
	t.Helper()
	var s settings
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	s.flags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPublicURL(t *testing.T) {
	for name, tc := range map[string]struct {
		reason string
		args   []string
		want   string
	}{
		"Address":       {"it is where the server listens", []string{"--addr", "10.1.2.3:80"}, "http://10.1.2.3:80"},
		"EveryAddress":  {"no browser can open 0.0.0.0", []string{"--addr", "0.0.0.0:8080"}, "http://127.0.0.1:8080"},
		"NoHost":        {"the same, as it is written in short", []string{"--addr", ":8080"}, "http://127.0.0.1:8080"},
		"EveryIPv6":     {"the same", []string{"--addr", "[::]:8080"}, "http://127.0.0.1:8080"},
		"Given":         {"a setting wins", []string{"--addr", ":0", "--public-url", "https://slipway.example.com"}, "https://slipway.example.com"},
		"PortOfSystem":  {"the port is known once it is open", []string{"--addr", "127.0.0.1:0"}, "http://127.0.0.1:4711"},
		"FixedPortStay": {"a fixed port is not replaced", []string{"--addr", "127.0.0.1:80"}, "http://127.0.0.1:80"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := given(t, tc.args...).check()
			if err != nil {
				t.Fatal(err)
			}
			c.listening(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711})
			if c.publicURL != tc.want {
				t.Errorf("%s: %s, want %s", tc.reason, c.publicURL, tc.want)
			}
		})
	}
}

// A variable that means nothing is told of: it may be a slip that opens a door.
func TestUnknownVariables(t *testing.T) {
	var s settings
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	s.flags(flags)
	unknown := unknownVariables(flags, []string{
		"SLIPWAY_DATA_DIR=x", "SLIPWAY_DATADIR=x", "SLIPWAY_OIDC_ISSUER=https://id", "SLIPWAY_TOKEN=x", "SLIPWAY_ADMIN_PASSWORD=x", "HOME=/",
	})
	if diff := cmp.Diff([]string{"SLIPWAY_DATADIR", "SLIPWAY_OIDC_ISSUER"}, unknown); diff != "" {
		t.Error(diff)
	}
}

// Every setting is a variable, and a flag wins.
func TestFromEnvironment(t *testing.T) {
	var s settings
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	s.flags(flags)
	if err := flags.Parse([]string{"--addr", "127.0.0.1:1"}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLIPWAY_ADDR", "127.0.0.1:2")
	t.Setenv("SLIPWAY_QUEUE_WORKERS", "3")
	t.Setenv("SLIPWAY_IMPORT_HOSTS", "a,b")
	if err := fromEnvironment(flags, os.LookupEnv); err != nil {
		t.Fatal(err)
	}
	if s.addr != "127.0.0.1:1" || s.queueWorkers != 3 || !cmp.Equal(s.importHosts, []string{"a", "b"}) {
		t.Errorf("settings are %+v", s)
	}
}
