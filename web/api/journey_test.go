package api

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// TestJourney goes the way of a script: upload, create, install, read, end. The
// objects on the way are golden files: they are the contract.
func TestJourney(t *testing.T) {
	s := newSite(t)
	const viewer, user, operator = orchestrator.Viewer, orchestrator.User, orchestrator.Operator
	get := func(path string) answer {
		t.Helper()
		return s.ask(viewer, http.MethodGet, v31+path, "").want(http.StatusOK)
	}

	s.upload("small").want(http.StatusCreated).abridged().golden("blueprint")
	get("/blueprints?_all_tenants=False&_offset=0&_size=1000&_sort=created_at").golden("blueprint_list")
	s.ask(user, http.MethodPut, v31+"/deployments/one", `{"blueprint_id": "small", "visibility": "tenant", "inputs": {"size": "5"}, "labels": [{"Env": "aws"}],
		"display_name": "one", "skip_plugins_validation": false, "runtime_only_evaluation": false, "rehearsal": true}`).want(http.StatusCreated).abridged().golden("deployment")

	x := s.run("one", "install")
	if diff := cmp.Diff(executionRead{ID: x.ID, Status: "terminated"}, x); diff != "" {
		t.Fatalf("install:\n%s", diff)
	}
	get("/executions/" + x.ID).golden("execution")
	get("/deployments/one").abridged().golden("deployment_installed")
	get("/nodes?deployment_id=one&_evaluate_functions=False&_instance_counts=True&_sort=deployment_id").golden("node_list")
	get("/node-instances?deployment_id=one&_sort=node_id").golden("node_instance_list")
	var instances struct{ Items []map[string]any }
	get("/node-instances?deployment_id=one").read(&instances)
	var instance map[string]any
	get("/node-instances/" + instances.Items[0]["id"].(string) + "?_evaluate_functions=False").read(&instance)
	if diff := cmp.Diff(instances.Items[0], instance); diff != "" {
		t.Errorf("one instance is not what the list has:\n%s", diff)
	}
	get("/deployments/one?all_sub_deployments=True&include_workdir=False&_include=inputs").golden("deployment_inputs")
	get("/deployments/one/outputs").golden("outputs")

	events := "/events?_size=3&execution_id=" + x.ID + "&type=cloudify_event&type=cloudify_log&_sort=reported_timestamp"
	get(events + "&_offset=0").golden("event_list")
	if got := get(events + "&_offset=5000"); !strings.HasPrefix(got.body, `{"items":[],`) {
		t.Errorf("past the end there is an empty list, not %s", got.body)
	}
	if got := get(events + "&_offset=0&_range=" + url.QueryEscape("@timestamp,,2001-01-01T00:00:00Z")); !strings.HasPrefix(got.body, `{"items":[],`) {
		t.Errorf("before the execution nothing happened, not %s", got.body)
	}

	s.ask(operator, http.MethodDelete, v31+"/deployments/one?force=False&delete_logs=False&recursive=False", "").want(http.StatusBadRequest).golden("live_nodes")
	if x := s.run("one", "uninstall"); x.Status != "terminated" {
		t.Fatalf("uninstall: %+v", x)
	}
	s.ask(operator, http.MethodDelete, v31+"/blueprints/small?force=False", "").want(http.StatusMethodNotAllowed).golden("blueprint_in_use")
	if got := s.ask(operator, http.MethodDelete, v31+"/deployments/one?force=False&delete_logs=False&recursive=False", "").want(http.StatusNoContent); got.body != "" {
		t.Errorf("204 has no body, not %q", got.body)
	}
	s.ask(viewer, http.MethodGet, v31+"/executions/"+x.ID, "").want(http.StatusNotFound).golden("execution_gone")
	s.ask(operator, http.MethodDelete, v31+"/blueprints/small?force=False", "").want(http.StatusNoContent)
}

// TestLabels changes labels as cfy does: it reads the list and sends the whole
// one that it wants.
func TestLabels(t *testing.T) {
	s := newSite(t)
	s.upload("small").want(http.StatusCreated)
	s.ask(orchestrator.User, http.MethodPut, v31+"/deployments/one", `{"blueprint_id": "small", "labels": [{"env": "aws"}]}`).want(http.StatusCreated)
	for path, tc := range map[string]struct {
		body string
		want []map[string]string
	}{
		"/deployments/one":  {`{"labels": [{"env": "aws"}, {"Team": "Blue"}]}`, []map[string]string{{"env": "aws"}, {"team": "Blue"}}},
		"/blueprints/small": {`{"labels": [{"kind": "tiny"}]}`, []map[string]string{{"kind": "tiny"}}},
	} {
		for _, got := range []answer{
			s.ask(orchestrator.Operator, http.MethodPatch, v31+path, tc.body).want(http.StatusOK),
			s.ask(orchestrator.Viewer, http.MethodGet, v31+path, "").want(http.StatusOK),
		} {
			var object struct {
				Labels []struct{ Key, Value string } `json:"labels"`
			}
			got.read(&object)
			var labels []map[string]string
			for _, label := range object.Labels {
				labels = append(labels, map[string]string{label.Key: label.Value})
			}
			if diff := cmp.Diff(tc.want, labels); diff != "" {
				t.Errorf("labels of %s:\n%s", path, diff)
			}
		}
	}
}

// TestWorkflowsAvailable holds what cfy leaves out of its list of workflows.
func TestWorkflowsAvailable(t *testing.T) {
	s := newSite(t)
	s.upload("small").want(http.StatusCreated)
	s.ask(orchestrator.User, http.MethodPut, v31+"/deployments/one", `{"blueprint_id": "small"}`).want(http.StatusCreated)
	available := func() (names []string) {
		t.Helper()
		var object struct {
			Workflows []struct {
				Name      string
				Available *bool `json:"is_available"`
			} `json:"workflows"`
		}
		s.ask(orchestrator.Viewer, http.MethodGet, v31+"/deployments/one", "").want(http.StatusOK).read(&object)
		for _, workflow := range object.Workflows {
			switch {
			case workflow.Available == nil:
				t.Errorf("whether %s is available is not said", workflow.Name)
			case *workflow.Available:
				names = append(names, workflow.Name)
			}
		}
		return names
	}
	if diff := cmp.Diff([]string{"install"}, available()); diff != "" {
		t.Errorf("before the install:\n%s", diff)
	}
	s.run("one", "install")
	if diff := cmp.Diff([]string{"uninstall"}, available()); diff != "" {
		t.Errorf("after the install:\n%s", diff)
	}
}

// TestCapabilities holds who sees marked values: owners and operators, in the
// one place made for it.
func TestCapabilities(t *testing.T) {
	s := newSite(t)
	s.upload("small").want(http.StatusCreated)
	s.ask(orchestrator.User, http.MethodPut, v31+"/deployments/one", `{"blueprint_id": "small", "inputs": {"size": 5}}`).want(http.StatusCreated)
	cases := map[string]struct {
		reason string
		role   orchestrator.Role
		want   map[string]any
	}{
		"Owner":    {reason: "what is theirs is shown", role: orchestrator.User, want: map[string]any{"size": 5.0, "token": "a-very-secret-token"}},
		"Operator": {reason: "operators may see it", role: orchestrator.Operator, want: map[string]any{"size": 5.0, "token": "a-very-secret-token"}},
		"Viewer":   {reason: "viewers see what is not marked", role: orchestrator.Viewer, want: map[string]any{"size": 5.0, "token": nil}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got struct {
				Deployment   string         `json:"deployment_id"`
				Capabilities map[string]any `json:"capabilities"`
			}
			s.ask(tc.role, http.MethodGet, v31+"/deployments/one/capabilities", "").want(http.StatusOK).read(&got)
			if diff := cmp.Diff(tc.want, got.Capabilities); diff != "" || got.Deployment != "one" {
				t.Errorf("%s:\n%s", tc.reason, diff)
			}
		})
	}
	for _, path := range []string{"/deployments", "/deployments/one", "/nodes", "/node-instances", "/secrets", "/blueprints/small"} {
		if body := s.ask(orchestrator.Admin, http.MethodGet, v31+path, "").want(http.StatusOK).body; strings.Contains(body, "a-very-secret-token") {
			t.Errorf("%s shows the secret: %s", path, body)
		}
	}
}

func TestSecrets(t *testing.T) {
	s := newSite(t)
	put := func(body string) answer {
		return s.ask(orchestrator.Operator, http.MethodPut, v31+"/secrets/key", body)
	}
	put(`{"value": "first-value", "update_if_exists": false, "is_hidden_value": false, "visibility": "tenant"}`).want(http.StatusOK).golden("secret_put")
	put(`{"value": "second-value"}`).want(http.StatusConflict)
	put(`{"value": "second-value", "update_if_exists": true}`).want(http.StatusOK)
	value := func(role orchestrator.Role) string {
		var got struct{ Value string }
		s.ask(role, http.MethodGet, v31+"/secrets/key", "").want(http.StatusOK).read(&got)
		return got.Value
	}
	s.ask(orchestrator.Operator, http.MethodPatch, v31+"/secrets/key", `{"is_hidden_value": true, "provider_options": {}}`).want(http.StatusOK)
	got := map[orchestrator.Role]string{orchestrator.Viewer: value(orchestrator.Viewer), orchestrator.Operator: value(orchestrator.Operator), orchestrator.Admin: value(orchestrator.Admin)}
	if diff := cmp.Diff(map[orchestrator.Role]string{orchestrator.Viewer: "", orchestrator.Operator: "", orchestrator.Admin: "second-value"}, got); diff != "" {
		t.Errorf("a hidden value is for admins, and hiding it does not change it:\n%s", diff)
	}
	s.ask(orchestrator.Operator, http.MethodPatch, v31+"/secrets/key", `{"is_hidden_value": false}`).want(http.StatusForbidden)
	s.ask(orchestrator.Viewer, http.MethodGet, v31+"/secrets?_search=KEY&_size=1&_sort=-key", "").want(http.StatusOK)
	s.ask(orchestrator.Operator, http.MethodDelete, v31+"/secrets/key", "").want(http.StatusNoContent)
	s.ask(orchestrator.Admin, http.MethodGet, v31+"/secrets/key", "").want(http.StatusNotFound)
}

func TestRehearsalLists(t *testing.T) {
	s := newSite(t)
	must(t, s.world.Update(t.Context(), func(tx rehearsal.Tx) error {
		for _, o := range []rehearsal.Object{
			{Cloud: "aws", Kind: "ec2.Vpc", ID: "vpc-1", Name: "net", Deployment: "one", State: "available", Listed: true},
			{Cloud: "aws", Kind: "ec2.Image", ID: "ami-1", State: "available"},
			{Cloud: "azure", Kind: "Microsoft.Network/virtualNetworks", ID: "vnet-1", Deployment: "two", State: "Succeeded", Listed: true},
		} {
			if err := tx.Put(o); err != nil {
				return err
			}
		}
		return tx.Record(rehearsal.CallRecord{Cloud: "aws", Call: "ec2.CreateVpc", ID: "vpc-1", Deployment: "one", Effective: true})
	}))
	ids := func(role orchestrator.Role, path string) []string {
		var got struct {
			Items []struct{ ID string }
		}
		s.ask(role, http.MethodGet, v31+path, "").want(http.StatusOK).read(&got)
		found := []string{}
		for _, item := range got.Items {
			found = append(found, item.ID)
		}
		return found
	}
	cases := map[string]struct {
		reason, path string
		want         []string
	}{
		"All":        {reason: "furniture is not listed", path: "/rehearsal/resources?_get_all_results=true", want: []string{"vpc-1", "vnet-1"}},
		"Deployment": {reason: "one deployment's", path: "/rehearsal/resources?deployment=two", want: []string{"vnet-1"}},
		"Page":       {reason: "the second of two", path: "/rehearsal/resources?_offset=1&_size=1", want: []string{"vnet-1"}},
		"Past":       {reason: "past the end is nothing", path: "/rehearsal/resources?_offset=9", want: []string{}},
		"Calls":      {reason: "what changed something", path: "/rehearsal/calls?effective=True", want: []string{"vpc-1"}},
		"NoCalls":    {reason: "another cloud was asked nothing", path: "/rehearsal/calls?cloud=azure", want: []string{}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, ids(orchestrator.Admin, tc.path)); diff != "" {
				t.Errorf("%s:\n%s", tc.reason, diff)
			}
		})
	}
	if diff := cmp.Diff([]string{}, ids(orchestrator.Operator, "/rehearsal/resources")); diff != "" {
		t.Errorf("what belongs to no deployment of the team is for admins:\n%s", diff)
	}
}
