package component_test

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/component"
)

type (
	value = orchestrator.Value
	dict  = map[string]orchestrator.Value
)

// asked is a Slipway that writes down what it is asked for and answers as told.
type asked struct {
	requests     []string
	blueprints   map[string]bool
	child        string // what Start answers
	capabilities dict
	err          error
}

func (a *asked) note(format string, args ...any) error {
	a.requests = append(a.requests, fmt.Sprintf(format, args...))
	return a.err
}

func (a *asked) BlueprintExists(_ context.Context, _ component.Parent, id string) (bool, error) {
	return a.blueprints[id], nil
}

func (a *asked) UploadBlueprint(_ context.Context, _ component.Parent, id, main string, files fs.FS) error {
	if _, err := fs.Stat(files, main); err != nil {
		return err
	}
	return a.note("upload %s", id)
}

func (a *asked) DeleteBlueprint(_ context.Context, _ component.Parent, id string) error {
	return a.note("delete blueprint %s", id)
}

func (a *asked) Create(_ context.Context, _ component.Parent, s component.Spec) (string, error) {
	id := s.ID
	if s.Suffix {
		id += "-1"
	}
	return id, a.note("create %s of %s with %v", id, s.BlueprintID, s.Inputs)
}

func (a *asked) Start(_ context.Context, _ component.Parent, s component.Start) (string, error) {
	return a.child, a.note("start %s of %s, generation %d, parameters %v", s.Workflow, s.DeploymentID, s.Generation, s.Parameters)
}

func (a *asked) Capabilities(_ context.Context, _ component.Parent, id string) (map[string]value, error) {
	return a.capabilities, a.note("capabilities of %s", id)
}

func (a *asked) Delete(_ context.Context, _ component.Parent, id string) error {
	return a.note("delete %s", id)
}

func (a *asked) Connect(_ context.Context, _ component.Parent, id string) (map[string]value, error) {
	return a.capabilities, a.note("connect to %s", id)
}

func (a *asked) Disconnect(context.Context, component.Parent) error { return a.note("disconnect") }

// config is a node's resource_config.
func config(blueprint, deployment dict) dict {
	return dict{"resource_config": dict{"blueprint": blueprint, "deployment": deployment}}
}

type silent struct{}

func (silent) Log(string, string)    {}
func (silent) Output(string, string) {}

func TestOperations(t *testing.T) {
	usual := config(dict{"external_resource": true, "id": "vpc"}, dict{"id": "app-vpc", "inputs": dict{"name": "x"}})
	secret := orchestrator.Mark("s3cret-value")
	for name, tc := range map[string]struct {
		reason     string
		shared     bool
		operation  string
		properties dict
		runtime    dict
		child      *provider.ChildOutcome
		slipway    asked
		requests   []string
		result     provider.Result
		fails      string // in the error's text
		fatal      bool
	}{
		"CreateReusesBlueprint": {
			reason: "an existing blueprint is reused, external or not", operation: "create", properties: usual,
			slipway: asked{blueprints: map[string]bool{"vpc": true}},
			result:  provider.Result{Set: dict{"blueprint": dict{"id": "vpc"}}},
		},
		"CreateErrExternalMissing": {
			reason: "an external blueprint is never uploaded", operation: "create", properties: usual,
			fails: `blueprint "vpc" does not exist`, fatal: true,
		},
		"CreateUploadsFromOwnFiles": {
			reason: "an archive out of the parent's own files is uploaded and noted, so that delete takes it away", operation: "create",
			properties: config(dict{"id": "mine", "blueprint_archive": "parts/mine"}, dict{}),
			requests:   []string{"upload mine"},
			result:     provider.Result{Set: dict{"blueprint": dict{"id": "mine", "uploaded": true}}},
		},
		"CreateErrByURL": {
			reason: "nothing is fetched", operation: "create",
			properties: config(dict{"id": "mine", "blueprint_archive": "https://example.com/a.zip"}, dict{}),
			fails:      "upload https://example.com/a.zip yourself", fatal: true,
		},
		"ConfigureCreates": {
			reason: "the child's id is recorded", operation: "configure", properties: usual,
			requests: []string{"create app-vpc of vpc with map[name:x]"},
			result:   provider.Result{Set: dict{"deployment": dict{"id": "app-vpc"}}},
		},
		"ConfigureWithSuffix": {
			reason: "a suffix is always appended when it is asked for", operation: "configure",
			properties: config(dict{"id": "vpc"}, dict{"id": "app-vpc", "auto_inc_suffix": true}),
			requests:   []string{"create app-vpc-1 of vpc with map[]"},
			result:     provider.Result{Set: dict{"deployment": dict{"id": "app-vpc-1"}}},
		},
		"ConfigureErrTaken": {
			reason: "an id that is somebody else's will not be free on the next try", operation: "configure", properties: usual,
			slipway:  asked{err: orchestrator.Errorf(orchestrator.Conflict, "app-vpc exists")},
			requests: []string{"create app-vpc of vpc with map[name:x]"}, fails: "app-vpc exists", fatal: true,
		},
		"ConfigureErrBadLabels": {
			reason: "labels are a list of single pairs", operation: "configure",
			properties: config(dict{"id": "vpc"}, dict{"id": "app-vpc", "labels": []value{dict{"a": "1", "b": "2"}}}),
			fails:      "deployment.labels[0]", fatal: true,
		},
		"StartWaitsForChild": {
			reason: "the step sleeps until the child ends; the parent's parameters go along", operation: "start", properties: usual,
			runtime: dict{"deployment": dict{"id": "app-vpc-1"}}, slipway: asked{child: "x-1"},
			requests: []string{"start install of app-vpc-1, generation 2, parameters map[ignore_failure:true]"},
			result:   provider.Result{Wait: &provider.Wait{ExecutionID: "x-1", Reason: "waits for install of app-vpc-1"}},
		},
		"StartOfInstalled": {
			reason: "what is installed is only read", operation: "start", properties: usual,
			slipway:  asked{capabilities: dict{"id": "v", "password": secret}},
			requests: []string{"start install of app-vpc, generation 2, parameters map[ignore_failure:true]", "capabilities of app-vpc"},
			result:   provider.Result{Set: dict{"capabilities": dict{"id": "v", "password": secret}}},
		},
		"StartThenChildSucceeded": {
			reason: "capabilities are copied, marks kept", operation: "start", properties: usual,
			child:    &provider.ChildOutcome{Status: orchestrator.Terminated},
			slipway:  asked{capabilities: dict{"password": secret}},
			requests: []string{"capabilities of app-vpc"},
			result:   provider.Result{Set: dict{"capabilities": dict{"password": secret}}},
		},
		"StartThenChildFailed": {
			reason: "the child's own error is what helps", operation: "start", properties: usual,
			child: &provider.ChildOutcome{Status: orchestrator.Failed, Error: "no capacity"}, fails: "install of app-vpc failed: no capacity", fatal: true,
		},
		"StartThenChildCancelled": {
			reason: "somebody stopped the child", operation: "start", properties: usual,
			child: &provider.ChildOutcome{Status: orchestrator.Cancelled}, fails: "was cancelled", fatal: true,
		},
		"StartThenChildStillRuns": {
			reason: "the limit passed; the page must say that the child runs on", operation: "start", properties: usual,
			child: &provider.ChildOutcome{Status: orchestrator.Started, ExecutionID: "x-1"}, fails: "still runs (execution x-1)", fatal: true,
		},
		"StopOfAbsent": {
			reason: "a child that never came to be counts as stopped; install's parameters are not uninstall's", operation: "stop", properties: usual,
			requests: []string{"start uninstall of app-vpc, generation 2, parameters map[]"},
			result:   provider.Result{Drop: []string{"capabilities"}},
		},
		"StopLeavesExternalAlone": {
			reason: "an external deployment is not ours to end", operation: "stop", properties: usual,
			runtime: dict{"deployment": dict{"id": "theirs", "external_resource": true}},
			result:  provider.Result{Value: "external deployment left alone"},
		},
		"DeleteTakesBoth": {
			reason: "what create and configure made goes, the deployment first", operation: "delete", properties: usual,
			runtime:  dict{"deployment": dict{"id": "app-vpc"}, "blueprint": dict{"id": "mine", "uploaded": true}},
			requests: []string{"delete app-vpc", "delete blueprint mine"}, result: provider.Result{DropAll: true},
		},
		"DeleteLeavesOthersAlone": {
			reason: "a reused blueprint and an external deployment stay", operation: "delete", properties: usual,
			runtime: dict{"deployment": dict{"id": "theirs", "external_resource": true}, "blueprint": dict{"id": "vpc"}},
			result:  provider.Result{DropAll: true},
		},
		"DeleteOfNothing": {
			reason: "a node that failed before it recorded anything", operation: "delete", properties: usual,
			result: provider.Result{DropAll: true},
		},
		"SharedConnects": {
			reason: "a shared resource is read, never run", shared: true, operation: "create",
			properties: dict{"resource_config": dict{"deployment": dict{"id": "net"}}}, slipway: asked{capabilities: dict{"vpc_id": "v"}},
			requests: []string{"connect to net"},
			result:   provider.Result{Set: dict{"deployment": dict{"id": "net"}, "capabilities": dict{"vpc_id": "v"}}},
		},
		"SharedDisconnects": {
			reason: "only the record goes", shared: true, operation: "delete",
			runtime: dict{"deployment": dict{"id": "net"}}, requests: []string{"disconnect"}, result: provider.Result{DropAll: true},
		},
		"ErrUnknownOperation": {
			reason: "what is not served says so", operation: "heal", properties: usual, fails: "heal is not served", fatal: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			hierarchy := []string{"cloudify.nodes.Root", "cloudify.nodes.Component", "cloudify.nodes.ServiceComponent"}
			if tc.shared {
				hierarchy = []string{"cloudify.nodes.Root", "cloudify.nodes.SharedResource"}
			}
			call := &provider.Call{
				Operation: "cloudify.interfaces.lifecycle." + tc.operation, Attempt: 2, Child: tc.child,
				Execution: provider.Execution{Workflow: "install", Parameters: dict{"ignore_failure": true}},
				Self:      &provider.Instance{ID: "node_1", TypeHierarchy: hierarchy, Properties: tc.properties, Runtime: tc.runtime},
				Files:     fstest.MapFS{"parts/mine/blueprint.yaml": {}}, Log: silent{},
			}
			result, err := component.New(&tc.slipway).Run(t.Context(), call)
			if diff := cmp.Diff(tc.requests, tc.slipway.requests); diff != "" {
				t.Errorf("%s: requests (-want +got):\n%s", tc.reason, diff)
			}
			if tc.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tc.fails) || provider.IsFatal(err) != tc.fatal {
					t.Errorf("%s: error %v (fatal %v), want %q (fatal %v)", tc.reason, err, provider.IsFatal(err), tc.fails, tc.fatal)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			same := cmp.Comparer(func(a, b orchestrator.Sensitive) bool { return cmp.Equal(a.Open(), b.Open()) })
			if diff := cmp.Diff(tc.result, result, same, cmpopts.IgnoreFields(provider.Wait{}, "Limit")); diff != "" {
				t.Errorf("%s: result (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
