package control_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// property is one of each thing that the default team has.
type property struct {
	deployment orchestrator.Deployment
	execution  orchestrator.Execution
}

// withoutActor are the methods that ask for nobody: those of the composition
// root, of the engine, and of sign-in, which find out who asks.
var withoutActor = []string{
	"Account", "Begin", "BlueprintSchema", "BundledInfo", "Components", "DropExpiredSessions", "DropSession", "NoteRefusedSignIn",
	"PutSession", "Ready", "Resources", "Session", "TouchSession", "UseProviders",
}

// strangers asks each request about the default team's things in the name of
// another team. found is what came back, empty for nothing.
var strangers = map[string]func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (found any, err error){
	"ListBlueprints": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		found, total, err := c.ListBlueprints(ctx, other, control.ListBlueprints{})
		return found[:min(total, len(found))], err
	},
	"GetBlueprint": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		return c.GetBlueprint(ctx, other, "app")
	},
	"BlueprintVersions": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		return c.BlueprintVersions(ctx, other, "app")
	},
	"BlueprintVersion": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		return c.BlueprintVersion(ctx, other, "app", 1)
	},
	"BlueprintArchive": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		return c.BlueprintArchive(ctx, other, "app")
	},
	"DeleteBlueprint": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		return nil, c.DeleteBlueprint(ctx, other, "website")
	},
	"PreviewDeployment": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		return c.PreviewDeployment(ctx, other, control.CreateDeployment{ID: "x", BlueprintID: "app"})
	},
	"CreateDeployment": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		return c.CreateDeployment(ctx, other, control.CreateDeployment{ID: "x", BlueprintID: "app"})
	},
	"DeleteDeployment": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return nil, c.DeleteDeployment(ctx, other, p.deployment.ID, true)
	},
	"ListDeployments": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		found, _, err := c.ListDeployments(ctx, other, control.ListDeployments{IDs: []string{p.deployment.ID}})
		return found, err
	},
	"GetDeployment": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.GetDeployment(ctx, other, p.deployment.ID)
	},
	"Capabilities": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.Capabilities(ctx, other, p.deployment.ID)
	},
	"RevealCapabilities": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.RevealCapabilities(ctx, other, p.deployment.ID)
	},
	"Outputs": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.Outputs(ctx, other, p.deployment.ID)
	},
	"NodeInstances": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.NodeInstances(ctx, other, p.deployment.ID)
	},
	"NodeInstance": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		mine, err := c.NodeInstances(ctx, as(orchestrator.Viewer), p.deployment.ID)
		if err != nil {
			return nil, err
		}
		_, found, err := c.NodeInstance(ctx, other, mine[0].ID)
		return found, err
	},
	"AvailableWorkflows": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.AvailableWorkflows(ctx, other, p.deployment.ID)
	},
	"SetDeploymentLabels": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.SetDeploymentLabels(ctx, other, p.deployment.ID, []orchestrator.Label{{Key: "a", Value: "b"}})
	},
	"SetBlueprintLabels": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		return c.SetBlueprintLabels(ctx, other, "app", []orchestrator.Label{{Key: "a", Value: "b"}})
	},
	"Plan": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.Plan(ctx, other, p.deployment)
	},
	"Topology": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.Topology(ctx, other, p.deployment.ID)
	},
	"Dependents": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.Dependents(ctx, other, p.deployment.ID)
	},
	"StartExecution": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.StartExecution(ctx, other, control.StartExecution{DeploymentID: p.deployment.ID, Workflow: "install", Force: true})
	},
	"CancelExecution": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.CancelExecution(ctx, other, p.execution.ID)
	},
	"GetExecution": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.GetExecution(ctx, other, p.execution.ID)
	},
	"ListExecutions": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		found, _, err := c.ListExecutions(ctx, other, control.ListExecutions{})
		return found, err
	},
	"Timeline": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.Timeline(ctx, other, p.execution.ID)
	},
	"ListEvents": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		found, _, err := c.ListEvents(ctx, other, control.ListEvents{ExecutionID: p.execution.ID})
		return found, err
	},
	"Follow": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		for batch, err := range c.Follow(ctx, other, p.execution.ID, 0) {
			return batch.Events, err // the first answer is enough
		}
		return nil, nil
	},
	"ListSecrets": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		return c.ListSecrets(ctx, other)
	},
	"GetSecret": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		return c.GetSecret(ctx, other, "private_key_content")
	},
	"SecretVersions": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		return c.SecretVersions(ctx, other, "private_key_content")
	},
	"PutSecret": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		return c.PutSecret(ctx, other, control.PutSecret{Key: "private_key_content", Value: "stolen", MustExist: true})
	},
	"DeleteSecret": func(ctx context.Context, c bundle, other orchestrator.Actor, _ property) (any, error) {
		return nil, c.DeleteSecret(ctx, other, "private_key_content")
	},
	"RehearsalResources": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.RehearsalResources(ctx, other, p.deployment.ID)
	},
	"RehearsalCalls": func(ctx context.Context, c bundle, other orchestrator.Actor, p property) (any, error) {
		return c.RehearsalCalls(ctx, other, rehearsal.CallQuery{Deployment: p.deployment.ID})
	},
	// These two take an archive along and look at nothing that is there, save
	// what the archive imports: see TestImportsStayInTheTeam.
	"ValidateBlueprint": nil,
	"UploadBlueprint":   nil,
}

// TestTeamsSeeNothingOfEachOther asks everything that control offers as an admin
// of another team: nothing of the default team is found, told or changed.
func TestTeamsSeeNothingOfEachOther(t *testing.T) {
	c := setup(t, compose.Auto)
	other := orchestrator.Actor{Kind: orchestrator.ActorUser, Name: "mallory", Team: "other", Role: orchestrator.Admin}
	p := furnish(t, c)
	before := inventory(t, c)
	methods := reflect.TypeFor[*control.Control]()
	for i := range methods.NumMethod() {
		name := methods.Method(i).Name
		if slices.Contains(withoutActor, name) {
			continue
		}
		ask, known := strangers[name]
		if !known {
			t.Errorf("%s is in no table of this test: add what another team asks of it, and how that is refused", name)
		}
		if ask == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			found, err := ask(t.Context(), c, other, p)
			if err == nil && !isNothing(found) {
				t.Errorf("it answers %v", found)
			}
			if err != nil && orchestrator.ErrorCode(err) != orchestrator.NotFound {
				t.Errorf("it answers %q (%v), which tells that there is something; want not found", orchestrator.ErrorCode(err), err)
			}
			if err != nil && strings.Contains(err.Error(), orchestrator.DefaultTeam) {
				t.Errorf("the refusal names the other team: %v", err)
			}
		})
	}
	if diff := cmp.Diff(before, inventory(t, c)); diff != "" {
		t.Errorf("what the default team has (-before +after):\n%s", diff)
	}
}

func isNothing(found any) bool {
	v := reflect.ValueOf(found)
	return !v.IsValid() || v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
}

// TestImportsStayInTheTeam uploads a blueprint that imports another team's.
func TestImportsStayInTheTeam(t *testing.T) {
	c := setup(t, compose.Auto)
	other := orchestrator.Actor{Kind: orchestrator.ActorUser, Name: "mallory", Team: "other", Role: orchestrator.Admin}
	_, findings, err := c.UploadBlueprint(t.Context(), other, control.UploadBlueprint{ID: "spy", Archive: pack(t, map[string]string{
		"blueprint.yaml": "tosca_definitions_version: cloudify_dsl_1_3\nimports: ['mine--blueprint:vpc']\n",
	})})
	if orchestrator.ErrorCode(err) != orchestrator.Invalid || !strings.Contains(findings.Err().Error(), "not found") {
		t.Errorf("importing another team's blueprint: %v", err)
	}
}

// furnish gives the default team a deployment with an execution and a share of
// the rehearsed world.
func furnish(t *testing.T, c bundle) property {
	t.Helper()
	d, err := c.CreateDeployment(t.Context(), as(orchestrator.Operator), control.CreateDeployment{ID: "app_dev", BlueprintID: "app", Inputs: cell("aws", "dev-small")})
	if err != nil {
		t.Fatal(err)
	}
	x, err := c.StartExecution(t.Context(), as(orchestrator.Operator), control.StartExecution{DeploymentID: d.ID, Workflow: "install"})
	if err != nil {
		t.Fatal(err)
	}
	err = c.world.Update(t.Context(), func(tx rehearsal.Tx) error {
		if err := tx.Put(rehearsal.Object{Cloud: "aws", Kind: "ec2.Vpc", ID: "vpc-1", Deployment: d.ID, Listed: true}); err != nil {
			return err
		}
		return tx.Record(rehearsal.CallRecord{At: time.Unix(1, 0), Cloud: "aws", Call: "ec2.CreateVpc", ID: "vpc-1", Deployment: d.ID, Effective: true})
	})
	if err != nil {
		t.Fatal(err)
	}
	return property{d, x}
}

// inventory is what the default team has, by name and state, as its admin sees
// it.
func inventory(t *testing.T, c bundle) []string {
	t.Helper()
	admin := as(orchestrator.Admin)
	var all []string
	blueprints, _, err := c.ListBlueprints(t.Context(), admin, control.ListBlueprints{Sort: "id"})
	must(t, err)
	for _, b := range blueprints {
		all = append(all, "blueprint "+b.ID)
	}
	deployments, _, err := c.ListDeployments(t.Context(), admin, control.ListDeployments{Sort: "id"})
	must(t, err)
	for _, d := range deployments {
		all = append(all, "deployment "+d.ID)
	}
	executions, _, err := c.ListExecutions(t.Context(), admin, control.ListExecutions{})
	must(t, err)
	for _, x := range executions {
		all = append(all, "execution "+x.ID+" "+string(x.Status))
	}
	secrets, err := c.ListSecrets(t.Context(), admin)
	must(t, err)
	for _, s := range secrets {
		all = append(all, "secret "+s.Key+" "+s.UpdatedAt.String())
	}
	resources, err := c.RehearsalResources(t.Context(), admin, "")
	must(t, err)
	for _, r := range resources {
		all = append(all, "resource "+r.ID)
	}
	calls, err := c.RehearsalCalls(t.Context(), as(orchestrator.Viewer), rehearsal.CallQuery{})
	must(t, err)
	for _, call := range calls {
		all = append(all, "call "+call.Call)
	}
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
