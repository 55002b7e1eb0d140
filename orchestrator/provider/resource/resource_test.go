package resource_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

func TestNamedOptions(t *testing.T) {
	external := map[string]orchestrator.Value{"use_external_resource": true}
	tests := map[string]struct {
		reason     string
		properties map[string]orchestrator.Value
		verb       resource.Verb
		sent       bool
		want       resource.Options
	}{
		"Create":         {reason: "an ordinary node makes its own", verb: resource.Create},
		"Delete":         {reason: "what was sent is removed", verb: resource.Delete, sent: true},
		"DeleteUnsent":   {reason: "what was never sent is somebody else's", verb: resource.Delete, want: resource.Options{External: true}},
		"External":       {reason: "only looked at, and taken as it is", properties: external, verb: resource.Create, want: resource.Options{External: true, UseExisting: true}},
		"ExternalAsText": {reason: "blueprints write booleans as text, too", properties: map[string]orchestrator.Value{"use_external_resource": "true"}, verb: resource.Create, want: resource.Options{External: true, UseExisting: true}},
		"IfMissing":      {reason: "made where there is none", properties: map[string]orchestrator.Value{"use_external_resource": true, "create_if_missing": true}, verb: resource.Create, want: resource.Options{UseExisting: true}},
		"IfMissingSent":  {reason: "made here, so removed here", properties: map[string]orchestrator.Value{"use_external_resource": true, "create_if_missing": true}, verb: resource.Delete, sent: true, want: resource.Options{UseExisting: true}},
		"IfExists":       {reason: "taken over where there is one", properties: map[string]orchestrator.Value{"use_if_exists": true}, verb: resource.Create, want: resource.Options{UseExisting: true}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := resource.NamedOptions(&provider.Instance{Properties: test.properties}, test.verb, test.sent)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}
