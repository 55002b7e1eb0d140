package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

// TestValidate asks for the findings of a blueprint in every form.
func TestValidate(t *testing.T) {
	const broken = "tosca_definitions_version: cloudify_dsl_1_3\nnode_templates:\n  vm: {type: none}\n"
	s := newSite(t)
	check := func(query, text string) answer {
		t.Helper()
		return s.send(orchestrator.User, http.MethodPost, v31+"/blueprints/validate"+query, "application/octet-stream", bytes.NewReader(packed(t, text)))
	}
	var sarif struct {
		Version string
		Runs    []struct{ Results []struct{ RuleID string } }
	}
	check("?format=sarif", broken).want(http.StatusOK).read(&sarif)
	if sarif.Version != "2.1.0" || len(sarif.Runs) != 1 || len(sarif.Runs[0].Results) != 1 || sarif.Runs[0].Results[0].RuleID != "dsl/7" {
		t.Errorf("sarif: %+v", sarif)
	}
	var found findingsObject
	check("?format=json", broken).want(http.StatusOK).read(&found)
	if found.Valid || len(found.Findings) != 1 || found.Findings[0].Range.String() != "blueprint.yaml:3:14" {
		t.Errorf("json: %+v", found)
	}
	check("", small).want(http.StatusOK).read(&found)
	if diff := cmp.Diff(findingsObject{Valid: true, MainFileName: "blueprint.yaml", Findings: found.Findings[:0]}, found); diff != "" {
		t.Errorf("a valid one (-want +got):\n%s", diff)
	}
	check("?format=xml", small).want(http.StatusBadRequest)
}

func TestBlueprintSchema(t *testing.T) {
	got := newSite(t).ask(orchestrator.Viewer, http.MethodGet, "/api/blueprint-schema.json", "").want(http.StatusOK)
	var schema struct {
		Schema     string `json:"$schema"`
		Properties struct {
			Templates struct {
				Additional struct {
					Properties struct {
						Type struct{ AnyOf []struct{ Enum []string } }
					}
				} `json:"additionalProperties"`
			} `json:"node_templates"`
		}
	}
	must(t, json.Unmarshal([]byte(got.body), &schema))
	types := schema.Properties.Templates.Additional.Properties.Type.AnyOf[0].Enum
	offered := map[string]bool{}
	for _, name := range types {
		offered[name] = true
	}
	for _, name := range []string{"cloudify.nodes.Root", "cloudify.nodes.aws.ec2.Subnet", "cloudify.nodes.azure.ResourceGroup", "cloudify.azure.nodes.ResourceGroup"} {
		if !offered[name] {
			t.Errorf("%s is not offered among %d types", name, len(types))
		}
	}
	if schema.Schema != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("the dialect is %q", schema.Schema)
	}
}
