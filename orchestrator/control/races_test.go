package control_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/store"
)

// TestRaces sends requests at the same time that exclude each other, or that
// may not lose each other's work. What comes out must be what some order of
// them, one after the other, gives.
func TestRaces(t *testing.T) {
	onBothDatabases(t, map[string]func(*testing.T, bundle){
		"CreateSameID":                raceCreateSameID,
		"CreateManyIDs":               raceCreateManyIDs,
		"StartTwice":                  raceStartTwice,
		"DeleteTwice":                 raceDeleteTwice,
		"DeleteAgainstStart":          raceDeleteAgainstStart,
		"CreateAgainstDeleteOfItsOwn": raceCreateAgainstDeleteOfBlueprint,
		"UploadSameID":                raceUploadSameID,
		"UploadVersions":              raceUploadVersions,
		"NewSecret":                   raceNewSecret,
		"EditSecret":                  raceEditSecret,
		"InstallAgainstUninstall":     raceInstallAgainstUninstall,
		"CancelTwice":                 raceCancelTwice,
	})
}

// atOnce runs every request at the same moment and returns their errors.
func atOnce(requests ...func() error) []error {
	errs := make([]error, len(requests))
	start := make(chan struct{})
	var running sync.WaitGroup
	for i, request := range requests {
		running.Go(func() {
			<-start
			errs[i] = request()
		})
	}
	close(start)
	running.Wait()
	return errs
}

// times is the same request so many times, told its number.
func times(n int, request func(i int) error) []func() error {
	requests := make([]func() error, n)
	for i := range requests {
		requests[i] = func() error { return request(i) }
	}
	return requests
}

// codes counts outcomes: "" for success.
func codes(errs []error) map[orchestrator.Code]int {
	counted := map[orchestrator.Code]int{}
	for _, err := range errs {
		counted[orchestrator.ErrorCode(err)]++
	}
	return counted
}

func wantCodes(t *testing.T, errs []error, want map[orchestrator.Code]int) {
	t.Helper()
	if diff := cmp.Diff(want, codes(errs)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s%v", diff, errs)
	}
}

func launch(t *testing.T, c bundle, id string) {
	t.Helper()
	_, err := c.CreateDeployment(t.Context(), as(orchestrator.Operator), control.CreateDeployment{ID: id, BlueprintID: "app", Inputs: cell("aws", "dev-small")})
	must(t, err)
}

func createSmall(ctx context.Context, c bundle, id string) error {
	_, err := c.CreateDeployment(ctx, as(orchestrator.Operator), control.CreateDeployment{ID: id, BlueprintID: "small"})
	return err
}

const small = "tosca_definitions_version: cloudify_dsl_1_3\nimports: [cloudify/types/types.yaml]\nnode_templates:\n  a: {type: cloudify.nodes.Root}\n"

func uploadSmall(ctx context.Context, t *testing.T, c bundle, upload control.UploadBlueprint) (orchestrator.Blueprint, error) {
	upload.Archive = pack(t, map[string]string{"blueprint.yaml": small})
	bp, _, err := c.UploadBlueprint(ctx, as(orchestrator.Operator), upload)
	return bp, err
}

func raceCreateSameID(t *testing.T, c bundle) {
	errs := atOnce(times(6, func(int) error {
		_, err := c.CreateDeployment(t.Context(), as(orchestrator.User), control.CreateDeployment{ID: "app_dev", BlueprintID: "app", Inputs: cell("aws", "dev-small")})
		return err
	})...)
	wantCodes(t, errs, map[orchestrator.Code]int{"": 1, orchestrator.Conflict: 5})
	if audits := auditActions(t, c); strings.Count(audits, "deployment.create") != 1 {
		t.Errorf("what was refused left an audit row, or what was done left none:\n%s", audits)
	}
}

func raceCreateManyIDs(t *testing.T, c bundle) {
	const n = 24 // more than there are connections to PostgreSQL
	errs := atOnce(times(n, func(i int) error {
		_, err := c.CreateDeployment(t.Context(), as(orchestrator.User), control.CreateDeployment{ID: fmt.Sprint("app_", i), BlueprintID: "app", Inputs: cell("aws", "dev-small")})
		return err
	})...)
	wantCodes(t, errs, map[orchestrator.Code]int{"": n})
	if audits := auditActions(t, c); strings.Count(audits, "deployment.create") != n {
		t.Errorf("the audit rows are not one for each:\n%s", audits)
	}
}

func raceStartTwice(t *testing.T, c bundle) {
	launch(t, c, "app_dev")
	errs := atOnce(times(6, func(int) error {
		_, err := c.StartExecution(t.Context(), as(orchestrator.Operator), control.StartExecution{DeploymentID: "app_dev", Workflow: "install"})
		return err
	})...)
	wantCodes(t, errs, map[orchestrator.Code]int{"": 1, orchestrator.Invalid: 5})
	_, total, err := c.ListExecutions(t.Context(), as(orchestrator.Viewer), control.ListExecutions{})
	must(t, err)
	if total != 1 {
		t.Errorf("%d executions run on one deployment", total)
	}
}

func raceDeleteTwice(t *testing.T, c bundle) {
	launch(t, c, "app_dev")
	errs := atOnce(times(4, func(int) error {
		return c.DeleteDeployment(t.Context(), as(orchestrator.Operator), "app_dev", false)
	})...)
	wantCodes(t, errs, map[orchestrator.Code]int{"": 1, orchestrator.NotFound: 3})
	_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: "small"})
	must(t, err)
	errs = atOnce(times(4, func(int) error { return c.DeleteBlueprint(t.Context(), as(orchestrator.Operator), "small") })...)
	wantCodes(t, errs, map[orchestrator.Code]int{"": 1, orchestrator.NotFound: 3})
	_, err = c.PutSecret(t.Context(), as(orchestrator.Operator), control.PutSecret{Key: "k", Value: "v"})
	must(t, err)
	errs = atOnce(times(4, func(int) error { return c.DeleteSecret(t.Context(), as(orchestrator.Operator), "k") })...)
	wantCodes(t, errs, map[orchestrator.Code]int{"": 1, orchestrator.NotFound: 3})
}

func raceDeleteAgainstStart(t *testing.T, c bundle) {
	for round := range 5 {
		id := fmt.Sprint("app_", round)
		launch(t, c, id)
		errs := atOnce(
			func() error { return c.DeleteDeployment(t.Context(), as(orchestrator.Operator), id, true) },
			func() error {
				_, err := c.StartExecution(t.Context(), as(orchestrator.Operator), control.StartExecution{DeploymentID: id, Workflow: "install"})
				return err
			},
		)
		switch [2]orchestrator.Code{orchestrator.ErrorCode(errs[0]), orchestrator.ErrorCode(errs[1])} {
		case [2]orchestrator.Code{"", orchestrator.NotFound}, [2]orchestrator.Code{orchestrator.Invalid, ""}:
		default:
			t.Errorf("deleting gives %v while starting gives %v", errs[0], errs[1])
		}
	}
}

func raceCreateAgainstDeleteOfBlueprint(t *testing.T, c bundle) {
	for round := range 8 {
		_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: "small", NewVersion: true})
		must(t, err)
		id := fmt.Sprint("small_", round)
		errs := atOnce(
			func() error { return c.DeleteBlueprint(t.Context(), as(orchestrator.Operator), "small") },
			func() error { return createSmall(t.Context(), c, id) },
		)
		switch [2]orchestrator.Code{orchestrator.ErrorCode(errs[0]), orchestrator.ErrorCode(errs[1])} {
		case [2]orchestrator.Code{"", orchestrator.NotFound}:
		case [2]orchestrator.Code{orchestrator.Conflict, ""}:
			must(t, c.DeleteDeployment(t.Context(), as(orchestrator.Operator), id, false))
		default:
			t.Errorf("deleting gives %v while creating gives %v", errs[0], errs[1])
		}
	}
}

func raceUploadSameID(t *testing.T, c bundle) {
	errs := atOnce(times(5, func(int) error {
		_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: "small"})
		return err
	})...)
	wantCodes(t, errs, map[orchestrator.Code]int{"": 1, orchestrator.Conflict: 4})
	if _, err := c.BlueprintArchive(t.Context(), as(orchestrator.Viewer), "small"); err != nil {
		t.Errorf("the archive of the one that won: %v", err)
	}
}

func raceUploadVersions(t *testing.T, c bundle) {
	const n = 6
	errs := atOnce(times(n, func(int) error {
		_, err := uploadSmall(t.Context(), t, c, control.UploadBlueprint{ID: "small", NewVersion: true})
		return err
	})...)
	wantCodes(t, errs, map[orchestrator.Code]int{"": n})
	versions, err := c.BlueprintVersions(t.Context(), as(orchestrator.Viewer), "small")
	must(t, err)
	if len(versions) != n || versions[0].Version != n {
		t.Errorf("there are %d versions, the newest is %d; want %d", len(versions), versions[0].Version, n)
	}
}

func raceNewSecret(t *testing.T, c bundle) {
	put := func(update bool) func(int) error {
		return func(i int) error {
			_, err := c.PutSecret(t.Context(), as(orchestrator.Operator), control.PutSecret{Key: fmt.Sprint("k", update), Value: fmt.Sprint(i), Update: update})
			return err
		}
	}
	wantCodes(t, atOnce(times(5, put(false))...), map[orchestrator.Code]int{"": 1, orchestrator.Conflict: 4})
	wantCodes(t, atOnce(times(5, put(true))...), map[orchestrator.Code]int{"": 5})
}

// Two people open the same secret and both save: the second must hear of it.
func raceEditSecret(t *testing.T, c bundle) {
	operator := as(orchestrator.Operator)
	first, err := c.PutSecret(t.Context(), operator, control.PutSecret{Key: "k", Value: "v"})
	must(t, err)
	errs := atOnce(times(5, func(i int) error {
		_, err := c.PutSecret(t.Context(), operator, control.PutSecret{Key: "k", Value: fmt.Sprint(i), MustExist: true, Seen: first.Version})
		return err
	})...)
	wantCodes(t, errs, map[orchestrator.Code]int{"": 1, orchestrator.Conflict: 4})
	winner := slices.Index(errs, nil)
	got, err := c.GetSecret(t.Context(), operator, "k")
	must(t, err)
	if got.Version != 2 || got.Value != fmt.Sprint(winner) {
		t.Errorf("version %d holds %q, want what request %d was told is saved", got.Version, got.Value, winner)
	}
}

// An environment is not pulled from under a workload that is being put on it.
func raceInstallAgainstUninstall(t *testing.T, c bundle) {
	for round := range 4 {
		env, site := fmt.Sprint("app_", round), fmt.Sprint("site_", round)
		launch(t, c, env)
		pretendInstalled(t, c, env)
		_, err := c.CreateDeployment(t.Context(), as(orchestrator.Operator), control.CreateDeployment{ID: site, BlueprintID: "website", Inputs: map[string]orchestrator.Value{"environment": env}})
		must(t, err)
		start := func(id, workflow string) func() error {
			return func() error {
				_, err := c.StartExecution(t.Context(), as(orchestrator.Operator), control.StartExecution{DeploymentID: id, Workflow: workflow})
				return err
			}
		}
		errs := atOnce(start(env, "uninstall"), start(site, "install"))
		wantCodes(t, errs, map[orchestrator.Code]int{"": 1, orchestrator.Invalid: 1})
	}
}

// pretendInstalled marks every instance of a deployment as started.
func pretendInstalled(t *testing.T, c bundle, id string) {
	t.Helper()
	instances, err := c.NodeInstances(t.Context(), as(orchestrator.Viewer), id)
	must(t, err)
	must(t, c.store.InTx(t.Context(), func(tx *store.Tx) error {
		for _, instance := range instances {
			if err := tx.SetInstanceState(t.Context(), instance.DeploymentUID, instance.ID, orchestrator.InstanceStarted); err != nil {
				return err
			}
		}
		return nil
	}))
}

func raceCancelTwice(t *testing.T, c bundle) {
	launch(t, c, "app_dev")
	x, err := c.StartExecution(t.Context(), as(orchestrator.Operator), control.StartExecution{DeploymentID: "app_dev", Workflow: "install"})
	must(t, err)
	errs := atOnce(times(4, func(int) error { _, err := c.CancelExecution(t.Context(), as(orchestrator.Operator), x.ID); return err })...)
	wantCodes(t, errs, map[orchestrator.Code]int{"": 1, orchestrator.Invalid: 3})
}

// TestDependents tells what keeps an environment from being uninstalled, and
// what does not.
func TestDependents(t *testing.T) {
	website := func(t *testing.T, c bundle, id, environment string) {
		t.Helper()
		_, err := c.CreateDeployment(t.Context(), as(orchestrator.Operator), control.CreateDeployment{ID: id, BlueprintID: "website", Inputs: map[string]orchestrator.Value{"environment": environment}})
		must(t, err)
	}
	for name, tc := range map[string]struct {
		reason  string
		prepare func(t *testing.T, c bundle)
		holds   bool
	}{
		"Created": {"what was only created loses nothing", func(t *testing.T, c bundle) { website(t, c, "site", "env") }, false},
		"Installed": {"a running workload holds its environment", func(t *testing.T, c bundle) {
			website(t, c, "site", "env")
			pretendInstalled(t, c, "site")
		}, true},
		"BeingInstalled": {"so does one that is about to run", func(t *testing.T, c bundle) {
			website(t, c, "site", "env")
			_, err := c.StartExecution(t.Context(), as(orchestrator.Operator), control.StartExecution{DeploymentID: "site", Workflow: "install"})
			must(t, err)
		}, true},
		"MadeAnew": {"an environment of the same id is what the workload now uses", func(t *testing.T, c bundle) {
			website(t, c, "site", "env")
			pretendInstalled(t, c, "site")
			must(t, c.DeleteDeployment(t.Context(), as(orchestrator.Operator), "env", true))
			launch(t, c, "env")
			pretendInstalled(t, c, "env")
		}, true},
		"OwnComponent": {"a component ends with its environment", func(t *testing.T, c bundle) {
			website(t, c, "site", "env")
			pretendInstalled(t, c, "site")
			adopt(t, c, "env", "site")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := setup(t, compose.Auto)
			launch(t, c, "env")
			pretendInstalled(t, c, "env")
			tc.prepare(t, c)
			sentences, err := c.Dependents(t.Context(), as(orchestrator.Viewer), "env")
			must(t, err)
			if holds := len(sentences) > 0; holds != tc.holds {
				t.Errorf("%s: %q", tc.reason, sentences)
			}
			_, err = c.StartExecution(t.Context(), as(orchestrator.Operator), control.StartExecution{DeploymentID: "env", Workflow: "uninstall"})
			if refused := err != nil; refused != tc.holds {
				t.Errorf("%s: uninstalling gives %v", tc.reason, err)
			}
		})
	}
}

// adopt makes a deployment the component of another.
func adopt(t *testing.T, c bundle, parent, child string) {
	t.Helper()
	above, err := c.GetDeployment(t.Context(), as(orchestrator.Viewer), parent)
	must(t, err)
	_, err = c.store.Writer().ExecContext(t.Context(), "UPDATE deployments SET parent = $1 WHERE id = $2", above.UID, child)
	must(t, err)
}
