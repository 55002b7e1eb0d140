package main

import (
	"cmp"
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

	"github.com/slipwayhq/slipway/cmd/slipway/cli"
	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	"github.com/slipwayhq/slipway/store/database"
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

// variable is the environment variable of a flag.
func variable(flag string) string {
	return "SLIPWAY_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment gives every flag that was not given the value of its
// environment variable.
func fromEnvironment(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	var failed error
	flags.VisitAll(func(flag *pflag.Flag) {
		value, ok := lookup(variable(flag.Name))
		if !ok || flag.Changed || failed != nil {
			return
		}
		if err := flags.Set(flag.Name, value); err != nil {
			failed = fmt.Errorf("%s is %q; it must be %s", variable(flag.Name), value, cmp.Or(cli.Wanted(flag), "like --"+flag.Name))
		}
	})
	return failed
}

// elsewhere are the variables that are no flags of serve: the client's, and the
// one that must never be an argument.
var elsewhere = []string{"SLIPWAY_ADMIN_PASSWORD", "SLIPWAY_URL", "SLIPWAY_TOKEN", "SLIPWAY_TOKEN_FILE", "SLIPWAY_TENANT"}

// unknownVariables are those that look like settings and mean nothing here:
// slips, and settings of other versions.
func unknownVariables(flags *pflag.FlagSet, environment []string) []string {
	known := map[string]bool{}
	for _, name := range elsewhere {
		known[name] = true
	}
	flags.VisitAll(func(flag *pflag.Flag) { known[variable(flag.Name)] = true })
	var unknown []string
	for _, entry := range environment {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "SLIPWAY_") && !known[name] {
			unknown = append(unknown, name)
		}
	}
	return unknown
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
	if err := s.checkBounds(); err != nil {
		return c, err
	}
	if err := s.checkPlaces(); err != nil {
		return c, err
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

func (s settings) checkBounds() error {
	bounds := map[string]int{"QUEUE_WORKERS": s.queueWorkers, "OPERATION_SLOTS": s.operationSlots, "RESIDENT_EXECUTIONS": s.residentExecutions}
	for _, name := range orchestrator.SortedKeys(bounds) {
		if bounds[name] < 1 {
			return fmt.Errorf("SLIPWAY_%s is %d; it must be at least 1", name, bounds[name])
		}
	}
	return nil
}

// checkPlaces checks what names hosts, ports and databases.
func (s settings) checkPlaces() error {
	_, port, err := net.SplitHostPort(s.addr)
	if _, badPort := strconv.ParseUint(port, 10, 16); err != nil || badPort != nil {
		return fmt.Errorf("SLIPWAY_ADDR is %q; it must be host:port, such as 127.0.0.1:8080", s.addr)
	}
	if u, err := url.Parse(s.publicURL); s.publicURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("SLIPWAY_PUBLIC_URL is %q; it must be an http or https URL, such as https://slipway.example.com", s.publicURL)
	}
	// The URL may hold a password: it is not repeated.
	if scheme, _, isURL := strings.Cut(s.databaseURL, "://"); isURL && !database.IsPostgres(s.databaseURL) {
		return fmt.Errorf("SLIPWAY_DATABASE_URL begins with %s://; it must be postgres://… or the path of an SQLite file", scheme)
	}
	for name, hosts := range map[string][]string{"IMPORT_HOSTS": s.importHosts, "ENDPOINT_HOSTS": s.endpointHosts} {
		for _, host := range hosts {
			if strings.ContainsAny(host, "/ *") || host == "" {
				return fmt.Errorf("SLIPWAY_%s holds %q; it takes names of hosts with commas between, such as git.example.com", name, host)
			}
		}
	}
	return nil
}

func (c *config) defaults() error {
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
	fallback(&c.publicURL, localURL(c.addr))
	fallback(&c.databaseURL, filepath.Join(absolute, "slipway.db"))
	fallback(&c.keeperURL, "file://"+filepath.Join(absolute, "key"))
	fallback(&c.blobURL, "file://"+filepath.Join(absolute, "blobs"))
	return nil
}

// localURL is how a browser on this machine reaches an address to listen on.
func localURL(addr string) string {
	host, port, _ := net.SplitHostPort(addr) // was checked
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// listening takes in the address that the system chose for port 0.
func (c *config) listening(bound net.Addr) {
	if _, port, _ := net.SplitHostPort(c.addr); port != "0" {
		return
	}
	if c.publicURL == localURL(c.addr) {
		c.publicURL = localURL(bound.String())
	}
	c.addr = bound.String()
}

// engineSpeed is the divisor for the engine's own waits in a rehearsal.
func (c config) engineSpeed() float64 {
	if c.speed <= 0 {
		return math.Inf(1)
	}
	return float64(c.speed)
}

// rehearsalURL is where the rehearsed world is kept: a file beside the
// database, or a schema of the same PostgreSQL database.
func (c config) rehearsalURL() string {
	if database.IsPostgres(c.databaseURL) {
		return c.databaseURL
	}
	return filepath.Join(c.dataDir, "rehearsal.db")
}
