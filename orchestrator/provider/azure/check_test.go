package azure

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	arm "github.com/slipwayhq/slipway/orchestrator/rehearsal/azure"
)

var _ provider.Checker = (*Provider)(nil)

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		reason   string
		typeName string
		function string
		fails    bool
	}{
		"Row":          {"a type of the table", "cloudify.azure.nodes.network.Subnet", "cloudify_azure.resources.network.subnet.create", false},
		"OtherSpell":   {"in its other spelling", "cloudify.nodes.azure.network.Subnet", "cloudify_azure.resources.network.subnet.delete", false},
		"Template":     {"ARM templates", "cloudify.azure.Deployment", "cloudify_azure.resources.deployment.pull", false},
		"Relationship": {"relationship operations run beside any node", "cloudify.azure.nodes.network.LoadBalancer", "x.attach_ip_configuration", false},
		"ErrType":      {"a type without a row", "cloudify.azure.nodes.network.Castle", "x.create", true},
		"ErrOperation": {"an operation that nothing carries out", "cloudify.azure.nodes.network.Subnet", "x.resize", true},
	}
	p := New(Options{Rehearsal: rehearsal.InProcess(arm.New(rehearsal.New(rehearsal.Config{})))})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := p.Check(&orchestrator.Node{ID: "n", Type: test.typeName}, orchestrator.Operation{Function: test.function}, true)
			if (err != nil) != test.fails {
				t.Errorf("%s: error %v, want one: %t", test.reason, err, test.fails)
			}
		})
	}
	if err := New(Options{}).Check(&orchestrator.Node{}, orchestrator.Operation{Function: "x.create"}, true); err == nil {
		t.Error("a rehearsal without a far end was not refused")
	}
}

// TestEveryKindIsRehearsed asks the rehearsal for one resource of each row.
func TestEveryKindIsRehearsed(t *testing.T) {
	far := rehearsal.InProcess(arm.New(rehearsal.New(rehearsal.Config{})))
	for _, row := range append([]kind{templateKind}, kinds...) {
		t.Run(row.name, func(t *testing.T) {
			self := &provider.Instance{Properties: document{"name": "abc", "resource_group_name": "g", row.parentName + "_name": "p"}}
			at, err := locate(&provider.Call{Self: self}, row, "s")
			if err != nil {
				t.Fatal(err)
			}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://arm"+at.id+"?api-version="+row.version, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer rehearsal-x")
			response, err := far.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			defer closeBody(response)
			var body struct {
				Error said `json:"error"`
			}
			if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
				t.Fatal(err)
			}
			want := "ResourceNotFound"
			if row.name == resourceGroup {
				want = "ResourceGroupNotFound"
			}
			if diff := cmp.Diff(want, body.Error.Code); diff != "" {
				t.Errorf("the rehearsal's answer to %s (-want +got):\n%s", at.id, diff)
			}
		})
	}
}
