package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

// TestOneWorkloadOnTwoClusters deploys the same version of website onto a
// development and onto a production cluster, both up at once: its objects are
// in that cluster and nowhere else, and the applied manifests are equal but for
// the values in ConfigMap and Secret.
func TestOneWorkloadOnTwoClusters(t *testing.T) {
	a := testApp(t)
	servers, versions := map[string]string{}, map[string]int{}
	for site, cell := range map[string][3]string{"site_dev": {"app_dev", "aws", "dev-small"}, "site_prod": {"app_prod", "azure", "production"}} {
		a.create(t, cell[0], "app", map[string]orchestrator.Value{"cloud_type": cell[1], "env_type": cell[2]})
		a.runWorkflow(t, cell[0], "install")
		versions[site] = a.create(t, site, "website", map[string]orchestrator.Value{"environment": cell[0]}).BlueprintVersion
		a.runWorkflow(t, site, "install")
		servers[site] = a.capability(t, cell[0], "k8s_endpoint")
		if endpoint := a.capability(t, site, "endpoint"); !strings.HasPrefix(endpoint, servers[site]+"/api/v1/namespaces/") {
			t.Errorf("the endpoint %s of %s is not a service proxy of %s", endpoint, site, servers[site])
		}
	}
	if versions["site_dev"] != versions["site_prod"] {
		t.Errorf("two versions of website are deployed: %v", versions)
	}
	applied := map[string]map[string]any{"site_dev": {}, "site_prod": {}}
	for _, object := range a.resources(t) {
		if object.Cloud != "kubernetes" || applied[object.Deployment] == nil {
			continue
		}
		if !sameServer(object.Scope, servers[object.Deployment]) {
			t.Errorf("%s of %s is on %s, not on %s", object.Kind, object.Deployment, object.Scope, servers[object.Deployment])
		}
		applied[object.Deployment][object.Kind] = manifest(t, object.Kind, object.Body)
	}
	if n := len(applied["site_dev"]); n != 5 {
		t.Errorf("website made %d kinds of objects, want Namespace, ConfigMap, Secret, Deployment, Service", n)
	}
	if diff := cmp.Diff(applied["site_dev"], applied["site_prod"]); diff != "" {
		t.Errorf("the manifests differ (-development +production):\n%s", diff)
	}
}

// sameServer compares addresses of a cluster; the port of https may be left out.
func sameServer(a, b string) bool {
	return strings.TrimSuffix(a, ":443") == strings.TrimSuffix(b, ":443")
}

// manifest returns what was applied without what differs by design: whose it
// is, and the values of a ConfigMap. The rehearsal keeps Secrets sealed; that
// there is one is compared.
func manifest(t *testing.T, kind string, body []byte) any {
	t.Helper()
	if kind == "v1/Secret" {
		return "sealed"
	}
	var stored struct{ Applied map[string]map[string]any }
	if err := json.Unmarshal(body, &stored); err != nil {
		t.Fatal(err)
	}
	object := stored.Applied["slipway"]
	if object == nil {
		t.Fatalf("%s was not applied by slipway: %s", kind, body)
	}
	metadata, _ := object["metadata"].(map[string]any)
	delete(metadata, "annotations")
	if labels, ok := metadata["labels"].(map[string]any); ok {
		delete(labels, "slipway.dev/instance")
	}
	if data, ok := object["data"].(map[string]any); ok {
		for key := range data {
			if key != "index.html" {
				data[key] = "its own"
			}
		}
	}
	return object
}

func (a *app) create(t *testing.T, id, blueprint string, inputs map[string]orchestrator.Value) orchestrator.Deployment {
	t.Helper()
	d, err := a.control.CreateDeployment(t.Context(), person(), control.CreateDeployment{ID: id, BlueprintID: blueprint, Inputs: inputs})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (a *app) capability(t *testing.T, deployment, name string) string {
	t.Helper()
	capabilities, err := a.control.RevealCapabilities(t.Context(), person(), deployment, name)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := capabilities[0].Value.(string)
	return text
}
