package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib" // read the rows that a killed server left
	_ "modernc.org/sqlite"

	"github.com/slipwayhq/slipway/store/pgtest"
)

// rounds is how often the crash tests kill the server; SLIPWAY_CRASH_ROUNDS
// asks for more.
func rounds(t *testing.T, usual int) int {
	t.Helper()
	text := os.Getenv("SLIPWAY_CRASH_ROUNDS")
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("SLIPWAY_CRASH_ROUNDS is %q", text)
	}
	return n
}

// crashSpeed makes an install last some seconds, so that a random moment falls
// inside of it.
const crashSpeed = "SLIPWAY_REHEARSAL_SPEED=100"

// TestKilledServer kills the server at random moments of installs and
// uninstalls, some of them after a lost answer, and starts it again each time:
// every execution ends well, each resource was created once, nothing is left.
func TestKilledServer(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a server again and again")
	}
	t.Run("SQLite", func(t *testing.T) {
		p := newProcess(t, crashSpeed, faultPlan(t))
		crashRounds(t, p, "sqlite", "file:"+filepath.Join(p.dir, "slipway.db")+"?mode=ro")
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		url := pgtest.Start(t).Database(t)
		p := newProcess(t, crashSpeed, faultPlan(t), "SLIPWAY_DATABASE_URL="+url)
		crashRounds(t, p, "pgx", url)
	})
}

// faultPlan loses the answers of some creates: the effect happened, the caller
// never hears of it.
func faultPlan(t *testing.T) string {
	t.Helper()
	var faults []map[string]any
	for _, call := range []string{"ec2.CreateVpc", "ec2.CreateSubnet", "ec2.AllocateAddress", "ec2.RunInstances"} {
		faults = append(faults, map[string]any{"cloud": "aws", "call": call, "kind": "lost", "times": 2})
	}
	faults = append(faults, map[string]any{"cloud": "azure", "call": "PUT Microsoft.Network/virtualNetworks", "kind": "lost", "times": 2})
	text, err := json.Marshal(faults)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "faults.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return "SLIPWAY_REHEARSAL_FAULTS=" + path
}

func crashRounds(t *testing.T, p *process, driver, url string) {
	p.start()
	rows := openRows(t, driver, url)
	lasts := map[string]time.Duration{}
	undisturbed := map[string]string{"aws dev-small": "base_0", "azure production": "base_1"}
	for cell, id := range undisturbed {
		cloud, envType, _ := strings.Cut(cell, " ")
		p.launch(id, cloud, envType)
		for _, workflow := range []string{"install", "uninstall"} {
			began := time.Now()
			if x := p.await(p.run(id, workflow).ID, 2*time.Minute); x.Status != "terminated" {
				t.Fatalf("%s of the undisturbed %s: %s %s", workflow, cell, x.Status, x.Error)
			}
			lasts[workflow+" "+cell] = time.Since(began)
		}
	}
	cells := map[string]string{}
	n, inFlight := rounds(t, 8), 0
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1)) //nolint:gosec // moments, not keys
	for round := 0; round < n; round++ {
		id, cloud, envType := fmt.Sprintf("app_%d", round/2), "aws", "dev-small"
		if round/2%2 == 1 {
			cloud, envType = "azure", "production"
		}
		workflow := "uninstall"
		if round%2 == 0 {
			workflow = "install"
			p.launch(id, cloud, envType)
			cells[id] = cloud + " " + envType
		}
		x := p.run(id, workflow)
		time.Sleep(time.Duration(random.Float64() * 0.8 * float64(lasts[workflow+" "+cloud+" "+envType]))) // the random moment
		if round%10 != 9 {
			rows.awaitRunning() // most often: the next one with a step in flight
		}
		p.kill()
		inFlight += rows.running()
		p.start()
		if ended := p.await(x.ID, 2*time.Minute); ended.Status != "terminated" {
			t.Fatalf("round %d: %s of %s ended %s: %s", round, workflow, id, ended.Status, ended.Error)
		}
	}
	t.Logf("%d kills, %d of them while a step was in flight", n, inFlight)
	for _, left := range p.rehearsed("resources") {
		t.Errorf("left: %+v", left)
	}
	wantCreatesAsIn(t, p, undisturbed, cells)
}

// stepRows looks at the server's rows behind its back.
type stepRows struct {
	t     *testing.T
	query *sql.Stmt
}

func openRows(t *testing.T, driver, url string) stepRows {
	t.Helper()
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	query, err := db.Prepare(`SELECT count(*) FROM steps WHERE state = 'running'`)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = query.Close() })
	return stepRows{t, query}
}

// awaitRunning returns as soon as some step is in flight, or after two seconds:
// the execution may be at its end.
func (r stepRows) awaitRunning() {
	r.t.Helper()
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); {
		if r.running() > 0 {
			return
		}
		time.Sleep(time.Millisecond) // rows are polled
	}
}

// running returns 1 when some step has no outcome: in flight, or left so by a
// killed server.
func (r stepRows) running() int {
	r.t.Helper()
	var n int
	if err := r.query.QueryRow().Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return min(n, 1)
}

// wantCreatesAsIn fails when an environment of a cell took other effective
// creates than the undisturbed one of the same cell: one too many is a resource
// made twice, one too few a resource that was never made.
func wantCreatesAsIn(t *testing.T, p *process, undisturbed map[string]string, cells map[string]string) {
	t.Helper()
	creates := map[string]map[string]int{}
	for _, call := range p.rehearsed("calls") {
		environment, part, _ := strings.Cut(call.Deployment, "-")
		if !call.Effective || !isCreate(call.Call) || call.Deployment == "" {
			continue
		}
		if creates[environment] == nil {
			creates[environment] = map[string]int{}
		}
		creates[environment][part+" "+call.Call]++
	}
	for environment, cell := range cells {
		want := creates[undisturbed[cell]]
		if len(want) == 0 {
			t.Fatalf("the undisturbed %s made nothing", cell)
		}
		if diff := cmp.Diff(want, creates[environment]); diff != "" {
			t.Errorf("%s (%s) against one that was never killed (-undisturbed +killed):\n%s", environment, cell, diff)
		}
	}
}

func isCreate(call string) bool {
	for _, prefix := range []string{"ec2.Create", "ec2.Allocate", "ec2.RunInstances", "PUT ", "POST "} {
		if strings.HasPrefix(call, prefix) {
			return true
		}
	}
	return false
}
