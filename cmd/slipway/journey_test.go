package main

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// person is an operator of the default team, as a test asks control.
func person() orchestrator.Actor {
	return orchestrator.Actor{Kind: orchestrator.ActorUser, Name: "tester", Team: orchestrator.DefaultTeam, Role: orchestrator.Operator}
}

// patience is how long a rehearsed workflow may take at full speed.
const patience = 90 * time.Second

// testApp builds and starts a server without its HTTP side, on a fresh folder.
func testApp(t *testing.T, change ...func(*settings)) *app {
	t.Helper()
	s := settings{
		addr: "127.0.0.1:0", dataDir: t.TempDir(), queueWorkers: 4, operationSlots: 16, residentExecutions: 50,
		rehearsal: "auto", rehearsalSpeed: "max", logLevel: "error",
	}
	for _, each := range change {
		each(&s)
	}
	c, err := s.check()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	a, err := build(t.Context(), c, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.engine.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.engine.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
		a.close(log)
	})
	return a
}

// runWorkflow starts a workflow and waits for its end; a failure prints the
// warnings and errors of the log.
func (a *app) runWorkflow(t *testing.T, deployment, workflow string) orchestrator.Execution {
	t.Helper()
	x, err := a.control.StartExecution(t.Context(), person(), control.StartExecution{DeploymentID: deployment, Workflow: workflow})
	if err != nil {
		t.Fatalf("%s %s: %v", workflow, deployment, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var log []orchestrator.Event
	for batch, err := range a.control.Follow(ctx, person(), x.ID, 0) {
		if err != nil {
			t.Fatalf("follow %s: %v", workflow, err)
		}
		log = append(log, batch.Events...)
	}
	x, err = a.control.GetExecution(t.Context(), person(), x.ID)
	if err != nil {
		t.Fatal(err)
	}
	if x.Status != orchestrator.Terminated {
		for _, event := range log[max(0, len(log)-60):] {
			t.Logf("%5d %-24s %-22s %s", event.Seq, event.DeploymentID, event.InstanceID, event.Message)
		}
		t.Fatalf("%s of %s ended %s (%s): %s", workflow, deployment, x.Status, x.Reason, x.Error)
	}
	return x
}

// resources lists what the rehearsal clouds hold.
func (a *app) resources(t *testing.T) []rehearsal.Object {
	t.Helper()
	objects, err := a.control.RehearsalResources(t.Context(), person(), "")
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// TestJourney launches both cells, deploys the same website onto each, and
// takes everything down again.
func TestJourney(t *testing.T) {
	a := testApp(t)
	cells := []struct{ id, cloud, envType string }{
		{"app_dev", "aws", "dev-small"},
		{"app_prod", "azure", "production"},
	}
	for _, cell := range cells {
		t.Run(cell.cloud+" "+cell.envType, func(t *testing.T) {
			a.create(t, cell.id, "app", map[string]orchestrator.Value{"cloud_type": cell.cloud, "env_type": cell.envType})
			began := time.Now()
			x := a.runWorkflow(t, cell.id, "install")
			t.Logf("install took %s, %d operations", time.Since(began), x.TotalOperations)
			a.wantCapabilities(t, cell.id, "k8s_endpoint", "k8s_config", "db_host", "db_master_username", "db_master_password", "bucket_url")

			site := "site_on_" + cell.id
			a.create(t, site, "website", map[string]orchestrator.Value{"environment": cell.id})
			a.runWorkflow(t, site, "install")
			a.wantCapabilities(t, site, "endpoint")
			if _, err := a.control.StartExecution(t.Context(), person(), control.StartExecution{DeploymentID: cell.id, Workflow: "uninstall"}); err == nil || !strings.Contains(err.Error(), site) {
				t.Errorf("uninstalling under a workload must be refused and name %s: %v", site, err)
			}
			a.runWorkflow(t, site, "uninstall")
			began = time.Now()
			a.runWorkflow(t, cell.id, "uninstall")
			t.Logf("uninstall took %s", time.Since(began))
			for _, left := range a.resources(t) {
				t.Errorf("left: %s %s %s %s %s", left.Cloud, left.Kind, left.ID, left.Deployment, left.State)
			}
		})
	}
}

func (a *app) wantCapabilities(t *testing.T, deployment string, names ...string) {
	t.Helper()
	capabilities, err := a.control.RevealCapabilities(t.Context(), person(), deployment)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]orchestrator.Value{}
	for _, capability := range capabilities {
		got[capability.Name] = capability.Value
	}
	for _, name := range names {
		if v := got[name]; v == nil || v == "" {
			t.Errorf("capability %s of %s is %v", name, deployment, v)
		}
	}
}
