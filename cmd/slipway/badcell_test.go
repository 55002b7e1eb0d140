package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestBadCells launches through an eaas_params that leads nowhere, and blueprints
// that are right as texts and impossible as deployments: the launch is refused,
// by API, command line and page, naming where it went wrong.
func TestBadCells(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the binary")
	}
	v := newVictim(t)
	v.damage(t)
	v.unchanged(func() {
		for name, tc := range badCells() {
			t.Run(name, func(t *testing.T) {
				v := v.in(t)
				v.bounded(tc.reason, mostTime, func() { v.askEverywhere(tc) })
			})
		}
	})
}

func badCells() map[string]badRequest {
	const invalid = http.StatusBadRequest
	large := func(reason, blueprint, word string) badRequest {
		r := createBad(reason, http.StatusRequestEntityTooLarge, "bad", blueprint, []string{word})
		r.page = "" // its message is the API's
		return r
	}
	return map[string]badRequest{
		"NoBlueprint": createBad("a cell names a blueprint that nobody uploaded", invalid, "bad", "app", []string{"database", "aws_oracle", "does not exist", "eaas_params"}, "cloud_type", "aws", "env_type", "dev-small"),
		"NoPart":      createBad("a cell lacks a part", invalid, "bad", "app", []string{"eaas_params", "db"}, "cloud_type", "azure", "env_type", "production"),
		"NoSecret":    createBad("a blueprint reads a secret that there is not", invalid, "bad", "thirsty", []string{"no_such_secret", "slipway secrets create"}),
		"Itself":      createBad("a blueprint that holds itself ten times over", invalid, "bad", "itself", []string{"contain itself"}),
		"Joins":       createBad("a text that doubles at each step", invalid, "bad", "joins", []string{"bytes of text"}),
		"Crowd":       large("a thousand times a thousand instances", "crowd", "node instances"),
	}
}

// damage uploads blueprints that cannot be deployed, and takes the cells of
// eaas_params apart.
func (v *victim) damage(t *testing.T) {
	t.Helper()
	const types = "tosca_definitions_version: cloudify_dsl_1_4\nimports: [http://cloudify.co/spec/cloudify/6.3.0/types.yaml]\n"
	var itself strings.Builder
	itself.WriteString(types + "node_templates:\n")
	for i := range 10 {
		fmt.Fprintf(&itself, "  c%d: {type: cloudify.nodes.ServiceComponent, properties: {resource_config: {blueprint: {external_resource: true, id: itself}, deployment: {id: {concat: [{get_sys: [deployment, id]}, '-%d']}}}}}\n", i, i)
	}
	for id, text := range map[string]string{
		"thirsty": types + "node_templates:\n  n: {type: cloudify.nodes.Root}\ncapabilities:\n  c: {value: {concat: [{get_secret: no_such_secret}, '!']}}\n",
		"itself":  itself.String(),
		"joins":   joins(),
		"crowd": types + "node_templates:\n" +
			"  a: {type: cloudify.nodes.Root, capabilities: {scalable: {properties: {default_instances: 1000}}}}\n" +
			"  b: {type: cloudify.nodes.Root, capabilities: {scalable: {properties: {default_instances: 1000}}}, relationships: [{type: cloudify.relationships.contained_in, target: a}]}\n",
	} {
		if got := v.upload("/blueprints/"+id, zipOf(t, entry{name: "blueprint.yaml", text: text})); got.status != http.StatusCreated {
			t.Fatalf("upload of %s: %s", id, got.body)
		}
	}
	var secret struct{ Value string }
	v.must(http.MethodGet, "/secrets/eaas_params", nil, &secret)
	var cells map[string]map[string]map[string]map[string]any
	if err := json.Unmarshal([]byte(secret.Value), &cells); err != nil {
		t.Fatal(err)
	}
	cells["aws"]["dev-small"]["db"]["blueprint"] = "aws_oracle"
	delete(cells["azure"]["production"], "db")
	changed, err := json.Marshal(cells)
	if err != nil {
		t.Fatal(err)
	}
	v.must(http.MethodPatch, "/secrets/eaas_params", map[string]string{"value": string(changed)}, nil)
}
