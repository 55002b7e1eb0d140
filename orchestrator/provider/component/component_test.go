package component_test

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

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
	own := ""
	if s.OwnLog {
		own = ", a log of its own"
	}
	return a.child, a.note("start %s of %s, generation %d, parameters %v%s", s.Workflow, s.DeploymentID, s.Generation, s.Parameters, own)
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

// noted is a journal that only remembers.
type noted struct{ set dict }

func (n *noted) Set(_ context.Context, set map[string]value) error {
	n.set = set
	return nil
}
func (n *noted) SetOn(context.Context, string, map[string]value, []string) error { return nil }
func (n *noted) Fence(ctx context.Context) (context.Context, context.CancelFunc, error) {
	return ctx, func() {}, nil
}

// functions are the implementations of the types' lifecycle operations.
var functions = map[bool]map[string]string{
	false: {
		"create": "upload_blueprint", "configure": "create", "start": "execute_start", "stop": "execute_start",
		"delete": "delete", "refresh": "refresh", "heal": "heal",
	},
	true: {"create": "connect_deployment", "delete": "disconnect_deployment", "refresh": "refresh", "heal": "heal"},
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
		inputs     dict
		child      *provider.ChildOutcome
		slipway    asked
		requests   []string
		noted      dict // journaled before the last request
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
			requests:   []string{"upload mine"}, noted: dict{"blueprint": dict{"id": "mine", "uploaded": true}},
			result: provider.Result{Set: dict{"blueprint": dict{"id": "mine", "uploaded": true}}},
		},
		"CreateAskedAgain": {
			reason: "an upload whose outcome was lost is still this node's to take away", operation: "create",
			properties: config(dict{"id": "mine", "blueprint_archive": "parts/mine"}, dict{}),
			runtime:    dict{"blueprint": dict{"id": "mine", "uploaded": true}}, slipway: asked{blueprints: map[string]bool{"mine": true}},
			result: provider.Result{Set: dict{"blueprint": dict{"id": "mine", "uploaded": true}}},
		},
		"CreateErrUpload": {
			reason: "what cannot be uploaded is noted all the same: delete finds nothing then", operation: "create",
			properties: config(dict{"id": "mine", "blueprint_archive": "parts/mine"}, dict{}),
			slipway:    asked{err: orchestrator.Errorf(orchestrator.Invalid, "not a blueprint")},
			requests:   []string{"upload mine"}, noted: dict{"blueprint": dict{"id": "mine", "uploaded": true}}, fails: "not a blueprint", fatal: true,
		},
		"CreateErrOtherServer": {
			reason: "a component that should live elsewhere must not appear here", operation: "create",
			properties: dict{"client": dict{"host": "10.0.0.1"}, "resource_config": usual["resource_config"]},
			fails:      "names another server", fatal: true,
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
		"ConfigureAskedAgain": {
			reason: "the id that an earlier try recorded gets no second suffix", operation: "configure",
			properties: config(dict{"id": "vpc"}, dict{"id": "app-vpc", "auto_inc_suffix": true}),
			runtime:    dict{"deployment": dict{"id": "app-vpc-1"}},
			requests:   []string{"create app-vpc-1 of vpc with map[]"},
			result:     provider.Result{Set: dict{"deployment": dict{"id": "app-vpc-1"}}},
		},
		"ConfigureFromSecret": {
			reason: "a cell that is kept as a sensitive secret comes marked: ids are opened, marks of inputs stay", operation: "configure",
			properties: config(dict{"id": orchestrator.Mark("vpc")}, dict{"id": orchestrator.Mark("app-vpc"), "inputs": orchestrator.Mark(dict{"name": "x"})}),
			requests:   []string{"create app-vpc of vpc with map[name:********]"},
			result:     provider.Result{Set: dict{"deployment": dict{"id": "app-vpc"}}},
		},
		"ConfigureNumber": {
			reason: "YAML makes numbers of some ids", operation: "configure",
			properties: config(dict{"id": "vpc"}, dict{"id": int64(2026)}),
			requests:   []string{"create 2026 of vpc with map[]"},
			result:     provider.Result{Set: dict{"deployment": dict{"id": "2026"}}},
		},
		"ConfigureErrBadID": {
			reason: "a wrong path in eaas_params must not make a deployment under another id", operation: "configure",
			properties: config(dict{"id": "vpc"}, dict{"id": dict{"id": "app-vpc"}}),
			fails:      "resource_config.deployment.id must be a text", fatal: true,
		},
		"ConfigureErrBadInputs": {
			reason: "nor one without its inputs", operation: "configure",
			properties: config(dict{"id": "vpc"}, dict{"id": "app-vpc", "inputs": "name=x"}),
			fails:      "deployment.inputs must be a map", fatal: true,
		},
		"ConfigureExternal": {
			reason: "it has to exist; nothing is made", operation: "configure",
			properties: config(dict{}, dict{"id": "theirs", "external_resource": true}),
			requests:   []string{"capabilities of theirs"},
			result:     provider.Result{Set: dict{"deployment": dict{"id": "theirs", "external_resource": true}}},
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
			result:   provider.Result{Wait: &provider.Wait{ExecutionID: "x-1", Limit: 30 * time.Minute, Reason: "waits for install of app-vpc-1"}},
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
		"StartOfExternal": {
			reason: "an external deployment is held in place once it is installed", operation: "start", properties: usual,
			runtime:  dict{"deployment": dict{"id": "theirs", "external_resource": true}},
			slipway:  asked{capabilities: dict{"id": "v"}},
			requests: []string{"start install of theirs, generation 2, parameters map[ignore_failure:true]", "connect to theirs"},
			result:   provider.Result{Set: dict{"capabilities": dict{"id": "v"}}},
		},
		"StartOfOtherWorkflow": {
			reason: "the operation's inputs name the workflow and its limit", operation: "start", properties: usual,
			inputs: dict{"workflow_id": "warm_up", "timeout": int64(60)}, slipway: asked{child: "x-1"},
			requests: []string{"start warm_up of app-vpc, generation 2, parameters map[]"},
			result:   provider.Result{Wait: &provider.Wait{ExecutionID: "x-1", Limit: time.Minute, Reason: "waits for warm_up of app-vpc"}},
		},
		"StartWithOwnLog": {
			reason: "logs: false spares the parent's log", operation: "start",
			properties: config(dict{"id": "vpc"}, dict{"id": "app-vpc", "logs": "false"}), slipway: asked{child: "x-1"},
			requests: []string{"start install of app-vpc, generation 2, parameters map[ignore_failure:true], a log of its own"},
			result:   provider.Result{Wait: &provider.Wait{ExecutionID: "x-1", Limit: 30 * time.Minute, Reason: "waits for install of app-vpc"}},
		},
		"StartWithoutDatabase": {
			reason: "what could not be decided is no failed try", operation: "start", properties: usual,
			runtime:  dict{"deployment": dict{"id": "app-vpc"}},
			slipway:  asked{err: orchestrator.Errorf(orchestrator.Unavailable, "the database is away").Because(orchestrator.DatabaseAway)},
			requests: []string{"start install of app-vpc, generation 2, parameters map[ignore_failure:true]"},
			result:   provider.Result{Again: &provider.Again{After: 5 * time.Second, Reason: "the database is away"}},
		},
		"RefreshErr": {
			reason: "what could not be read replaces nothing", operation: "refresh", properties: usual,
			slipway:  asked{err: orchestrator.Errorf(orchestrator.Unavailable, "busy")},
			requests: []string{"capabilities of app-vpc"}, fails: "busy",
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
			runtime:  dict{"deployment": dict{"id": "theirs", "external_resource": true}, "blueprint": dict{"id": "vpc"}},
			requests: []string{"disconnect"}, result: provider.Result{DropAll: true},
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
		"SharedErrNoID": {
			reason: "an empty id must not be looked for under the node's own", shared: true, operation: "create",
			properties: dict{"resource_config": dict{"deployment": dict{"id": ""}}}, fails: "deployment.id is empty", fatal: true,
		},
		"SharedErrDisconnect": {
			reason: "a record that is still there must be found by the next try", shared: true, operation: "delete",
			runtime: dict{"deployment": dict{"id": "net"}}, slipway: asked{err: fmt.Errorf("database is locked")},
			requests: []string{"disconnect"}, fails: "database is locked",
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
			journal := &noted{}
			call := &provider.Call{
				Operation: "cloudify.interfaces.lifecycle." + tc.operation, Function: "cfy_extensions.cloudify_types.x." + functions[tc.shared][tc.operation],
				Attempt: 2, Child: tc.child, Inputs: tc.inputs, Journal: journal,
				Execution: provider.Execution{Workflow: "install", Parameters: dict{"ignore_failure": true}},
				Self:      &provider.Instance{ID: "node_1", TypeHierarchy: hierarchy, Properties: tc.properties, Runtime: tc.runtime},
				Files:     fstest.MapFS{"parts/mine/blueprint.yaml": {}}, Log: silent{},
			}
			result, err := component.New(&tc.slipway).Run(t.Context(), call)
			if diff := cmp.Diff(tc.requests, tc.slipway.requests); diff != "" {
				t.Errorf("%s: requests (-want +got):\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.noted, journal.set); diff != "" {
				t.Errorf("%s: journaled (-want +got):\n%s", tc.reason, diff)
			}
			if tc.fails != "" {
				if diff := cmp.Diff(provider.Result{}, result); diff != "" {
					t.Errorf("%s: what failed changes nothing: %s", tc.reason, diff)
				}
				if err == nil || !strings.Contains(err.Error(), tc.fails) || provider.IsFatal(err) != tc.fatal {
					t.Errorf("%s: error %v (fatal %v), want %q (fatal %v)", tc.reason, err, provider.IsFatal(err), tc.fails, tc.fatal)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			same := cmp.Comparer(func(a, b orchestrator.Sensitive) bool { return cmp.Equal(a.Open(), b.Open()) })
			if diff := cmp.Diff(tc.result, result, same); diff != "" {
				t.Errorf("%s: result (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	hierarchy := func(own string) []string { return []string{"cloudify.nodes.Root", own} }
	for name, tc := range map[string]struct {
		reason    string
		node      orchestrator.Node
		operation orchestrator.Operation
		refused   string
	}{
		"Component": {
			reason:    "the usual case; an empty client is this server",
			node:      orchestrator.Node{TypeHierarchy: hierarchy("cloudify.nodes.Component"), Properties: dict{"client": dict{}, "secrets": dict{}}},
			operation: orchestrator.Operation{Name: "cloudify.interfaces.lifecycle.create", Function: "cfy_extensions.cloudify_types.component.upload_blueprint"},
		},
		"DeclaredOnly": {
			reason:    "every component declares it, no workflow asks for it",
			node:      orchestrator.Node{TypeHierarchy: hierarchy("cloudify.nodes.Component")},
			operation: orchestrator.Operation{Name: "cloudify.interfaces.lifecycle.heal", Function: "cfy_extensions.cloudify_types.component.heal"},
		},
		"ErrOtherServer": {
			reason:    "it would appear here instead of there",
			node:      orchestrator.Node{TypeHierarchy: hierarchy("cloudify.nodes.Component"), Properties: dict{"client": dict{"host": dict{"get_secret": "other"}}}},
			operation: orchestrator.Operation{Name: "cloudify.interfaces.lifecycle.create"},
			refused:   "another server",
		},
		"ErrSecrets": {
			reason:    "a child without its secrets fails much later",
			node:      orchestrator.Node{TypeHierarchy: hierarchy("cloudify.nodes.Component"), Properties: dict{"secrets": dict{"a": "b"}}},
			operation: orchestrator.Operation{Name: "cloudify.interfaces.lifecycle.create"},
			refused:   "slipway secrets create",
		},
		"ErrOtherType": {
			reason:    "the plugin has more types than are served",
			node:      orchestrator.Node{Type: "cloudify.nodes.PasswordSecret", TypeHierarchy: hierarchy("cloudify.nodes.PasswordSecret")},
			operation: orchestrator.Operation{Name: "cloudify.interfaces.lifecycle.create", Function: "cfy_extensions.cloudify_types.password_secret.create"},
			refused:   "cloudify.nodes.PasswordSecret are not served",
		},
		"ErrRelationship": {
			reason:    "a shared deployment's workflows are left alone",
			node:      orchestrator.Node{TypeHierarchy: hierarchy("cloudify.nodes.SharedResource")},
			operation: orchestrator.Operation{Name: "cloudify.interfaces.relationship_lifecycle.establish", Function: "cfy_extensions.cloudify_types.shared_resource.execute_workflow"},
			refused:   "cloudify.relationships.depends_on",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := component.New(nil).Check(&tc.node, tc.operation, false)
			if (err != nil) != (tc.refused != "") || err != nil && !strings.Contains(err.Error(), tc.refused) {
				t.Errorf("%s: got %v, want %q", tc.reason, err, tc.refused)
			}
		})
	}
}
