package control_test

import (
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

// What a blueprint imports brings its scripts along, as they were when it was
// compiled, and cannot be deleted under it.
func TestImportedBlueprintsKeepTheirScripts(t *testing.T) {
	const begin = "tosca_definitions_version: cloudify_dsl_1_3\nimports:\n  - cloudify/types/types.yaml\n"
	c := setup(t, compose.Auto)
	operator := as(orchestrator.Operator)
	upload := func(id string, files map[string]string) orchestrator.Blueprint {
		t.Helper()
		bp, findings, err := c.UploadBlueprint(t.Context(), operator, control.UploadBlueprint{ID: id, Archive: pack(t, files), NewVersion: true})
		if err != nil {
			t.Fatal(err, findings)
		}
		return bp
	}
	disk := begin + "node_templates:\n  volume: {type: cloudify.nodes.Root}\n"
	upload("disk", map[string]string{"blueprint.yaml": disk, "run.sh": "disk 1"})
	upload("database", map[string]string{"blueprint.yaml": begin + "  - disk--blueprint:disk\nnode_templates:\n  server: {type: cloudify.nodes.Root}\n", "run.sh": "database"})
	upload("app", map[string]string{"blueprint.yaml": begin + "  - db--blueprint:database\n", "run.sh": "app"})
	upload("disk", map[string]string{"blueprint.yaml": disk, "run.sh": "disk 2"})

	app, err := c.GetBlueprint(t.Context(), operator, "app")
	if err != nil {
		t.Fatal(err)
	}
	resources, err := c.Resources(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, node := range []string{"front", "db--server", "db--disk--volume"} {
		text, err := fs.ReadFile(resources.For(node), "run.sh")
		if err != nil {
			t.Fatal(err)
		}
		got[node] = string(text)
	}
	want := map[string]string{"front": "app", "db--server": "database", "db--disk--volume": "disk 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	wantError(t, c.DeleteBlueprint(t.Context(), operator, "database"), orchestrator.Conflict, "imported by the blueprints: app")
	for _, id := range []string{"app", "database", "disk"} {
		if err := c.DeleteBlueprint(t.Context(), operator, id); err != nil {
			t.Errorf("after those that import it: %v", err)
		}
	}
}
