package main

import (
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// settings are flags, each with an environment variable of the same name:
// --data-dir is SLIPWAY_DATA_DIR. A flag wins.
type settings struct {
	addr, publicURL, dataDir, databaseURL, keeperURL, blobURL string
	adminPassword                                             string
	queueWorkers, operationSlots, residentExecutions          int
	rehearsal, rehearsalSpeed, rehearsalFaults                string
	importHosts, endpointHosts                                []string
	logLevel                                                  string
}

// config is what settings mean, checked.
type config struct {
	settings
	policy compose.Policy
	speed  rehearsal.Speed
	faults []rehearsal.Fault
	level  slog.Level
}

func (s *settings) flags(flags *pflag.FlagSet) {
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "address to listen on")
	flags.StringVar(&s.publicURL, "public-url", "", "URL that browsers use (default http://ADDR); cookies are Secure unless it is http")
	flags.StringVar(&s.dataDir, "data-dir", "var", "folder for database, key, archives and the admin token")
	flags.StringVar(&s.databaseURL, "database-url", "", "SQLite file or postgres:// URL (default DATA_DIR/slipway.db)")
	flags.StringVar(&s.keeperURL, "keeper-url", "", "key that seals values (default file://DATA_DIR/key)")
	flags.StringVar(&s.blobURL, "blob-url", "", "where archives are kept (default file://DATA_DIR/blobs)")
	flags.IntVar(&s.queueWorkers, "queue-workers", 10, "dispatches taken from the queue at once")
	flags.IntVar(&s.operationSlots, "operation-slots", 64, "operations in flight at once")
	flags.IntVar(&s.residentExecutions, "resident-executions", 500, "executions that run at once, those that wait left out")
	flags.StringVar(&s.rehearsal, "rehearsal", "auto", "which deployments rehearse: auto (what cannot be real), only, off")
	flags.StringVar(&s.rehearsalSpeed, "rehearsal-speed", "60", "divides waits in a rehearsal: 60 makes minutes of seconds, 1 is real time, max waits for nothing")
	flags.StringVar(&s.rehearsalFaults, "rehearsal-faults", "", "JSON file with faults that the rehearsal clouds shall have")
	flags.StringSliceVar(&s.importHosts, "import-hosts", nil, "hosts that blueprints may import from over https")
	flags.StringSliceVar(&s.endpointHosts, "endpoint-hosts", nil, "hosts that a blueprint may name as a cloud's endpoint")
	flags.StringVar(&s.logLevel, "log-level", "info", "debug, info, warn or error")
}

// fromEnvironment gives every flag that was not given the value of its
// environment variable.
func fromEnvironment(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	var failed error
	flags.VisitAll(func(flag *pflag.Flag) {
		name := "SLIPWAY_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		value, ok := lookup(name)
		if !ok || flag.Changed || failed != nil {
			return
		}
		if err := flags.Set(flag.Name, value); err != nil {
			failed = fmt.Errorf("%s: %w", name, err)
		}
	})
	return failed
}

// check turns settings into a config, or says which setting is wrong.
func (s settings) check() (config, error) {
	c := config{settings: s}
	var err error
	if c.policy, err = compose.ParsePolicy(s.rehearsal); err != nil {
		return c, err
	}
	if c.speed, err = rehearsal.ParseSpeed(s.rehearsalSpeed); err != nil {
		return c, fmt.Errorf("SLIPWAY_REHEARSAL_SPEED: %w", err)
	}
	if err := c.level.UnmarshalText([]byte(s.logLevel)); err != nil {
		return c, fmt.Errorf("SLIPWAY_LOG_LEVEL is %q; it must be debug, info, warn or error", s.logLevel)
	}
	for name, n := range map[string]int{"QUEUE_WORKERS": s.queueWorkers, "OPERATION_SLOTS": s.operationSlots, "RESIDENT_EXECUTIONS": s.residentExecutions} {
		if n < 1 {
			return c, fmt.Errorf("SLIPWAY_%s is %s; it must be at least 1", name, strconv.Itoa(n))
		}
	}
	if s.rehearsalFaults != "" {
		text, err := os.ReadFile(s.rehearsalFaults)
		if err != nil {
			return c, fmt.Errorf("SLIPWAY_REHEARSAL_FAULTS: %w", err)
		}
		if c.faults, err = rehearsal.ParseFaults(text); err != nil {
			return c, fmt.Errorf("SLIPWAY_REHEARSAL_FAULTS: %w", err)
		}
	}
	return c, c.defaults()
}

func (c *config) defaults() error {
	if _, _, err := net.SplitHostPort(c.addr); err != nil {
		return fmt.Errorf("SLIPWAY_ADDR is %q; it must be host:port, such as 127.0.0.1:8080", c.addr)
	}
	absolute, err := filepath.Abs(c.dataDir)
	if err != nil {
		return fmt.Errorf("SLIPWAY_DATA_DIR: %w", err)
	}
	c.dataDir = absolute
	fallback := func(setting *string, value string) {
		if *setting == "" {
			*setting = value
		}
	}
	fallback(&c.publicURL, "http://"+c.addr)
	fallback(&c.databaseURL, filepath.Join(absolute, "slipway.db"))
	fallback(&c.keeperURL, "file://"+filepath.Join(absolute, "key"))
	fallback(&c.blobURL, "file://"+filepath.Join(absolute, "blobs"))
	if u, err := url.Parse(c.publicURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("SLIPWAY_PUBLIC_URL is %q; it must be an http or https URL", c.publicURL)
	}
	return nil
}

// engineSpeed is the divisor for the engine's own waits in a rehearsal.
func (c config) engineSpeed() float64 {
	if c.speed <= 0 {
		return math.Inf(1)
	}
	return float64(c.speed)
}

// isPostgres reports whether the database is a server that others may share.
func (c config) isPostgres() bool {
	return strings.HasPrefix(c.databaseURL, "postgres://") || strings.HasPrefix(c.databaseURL, "postgresql://")
}

// rehearsalURL is where the rehearsed world is kept: a file beside the
// database, or a schema of the same PostgreSQL database.
func (c config) rehearsalURL() string {
	if c.isPostgres() {
		return c.databaseURL
	}
	return filepath.Join(c.dataDir, "rehearsal.db")
}
