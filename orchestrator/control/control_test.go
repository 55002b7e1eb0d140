package control_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/store"
)

func cell(cloud, envType string) map[string]orchestrator.Value {
	return map[string]orchestrator.Value{"cloud_type": cloud, "env_type": envType}
}

func TestFirstStartGivesSomethingThatLaunches(t *testing.T) {
	c := setup(t, compose.Auto)
	for _, inputs := range []map[string]orchestrator.Value{cell("aws", "dev-small"), cell("azure", "production")} {
		preview, err := c.PreviewDeployment(t.Context(), as(orchestrator.User), control.CreateDeployment{ID: "app_x", BlueprintID: "app", Inputs: inputs})
		if err != nil || preview.Refused != "" {
			t.Fatalf("launch of %v: %v %s", inputs, err, preview.Refused)
		}
		if !preview.Mode.Rehearsal {
			t.Errorf("%v would be real with placeholder credentials", inputs)
		}
		if len(preview.Resolution.Components) != 4 {
			t.Errorf("%v leads to %d components, want network, database, kubernetes, s3", inputs, len(preview.Resolution.Components))
		}
	}
	// A second start changes nothing.
	before, _, err := c.ListBlueprints(t.Context(), as(orchestrator.Viewer), control.ListBlueprints{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Begin(t.Context(), control.FirstStart{}); err != nil {
		t.Fatal(err)
	}
	after, _, err := c.ListBlueprints(t.Context(), as(orchestrator.Viewer), control.ListBlueprints{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("blueprints after a second start (-before +after):\n%s", diff)
	}
}

func TestCreateDeployment(t *testing.T) {
	for name, tc := range map[string]struct {
		reason string
		policy compose.Policy
		params func(map[string]any) // changes eaas_params first
		create control.CreateDeployment
		code   orchestrator.Code
		words  []string
	}{
		"OK": {
			reason: "the sample cell launches", policy: compose.Auto,
			create: control.CreateDeployment{ID: "app_dev", BlueprintID: "app", Inputs: cell("aws", "dev-small")},
		},
		"ErrUnknownCell": {
			reason: "eaas_params has no such path", policy: compose.Auto,
			create: control.CreateDeployment{ID: "app_dev", BlueprintID: "app", Inputs: cell("azure", "dev-large")},
			code:   orchestrator.Invalid, words: []string{"eaas_params", "dev-large"},
		},
		"ErrNotAChoice": {
			reason: "the input's constraint says what there is", policy: compose.Auto,
			create: control.CreateDeployment{ID: "app_dev", BlueprintID: "app", Inputs: cell("gcp", "dev-small")},
			code:   orchestrator.Invalid, words: []string{"cloud_type"},
		},
		"ErrUnknownBlueprintInCell": {
			reason: "a cell that names what was never uploaded", policy: compose.Auto,
			params: func(p map[string]any) {
				p["aws"].(map[string]any)["dev-small"].(map[string]any)["db"].(map[string]any)["blueprint"] = "aws_oracle"
			},
			create: control.CreateDeployment{ID: "app_dev", BlueprintID: "app", Inputs: cell("aws", "dev-small")},
			code:   orchestrator.Invalid, words: []string{"aws_oracle", "does not exist", "database"},
		},
		"ErrUnknownInput": {
			reason: "an undeclared input", policy: compose.Auto,
			create: control.CreateDeployment{ID: "app_dev", BlueprintID: "app", Inputs: map[string]orchestrator.Value{"env": "dev"}},
			code:   orchestrator.Invalid, words: []string{"env"},
		},
		"ErrUnknownBlueprint": {
			reason: "a blueprint nobody uploaded", policy: compose.Auto,
			create: control.CreateDeployment{ID: "app_dev", BlueprintID: "nope"},
			code:   orchestrator.NotFound, words: []string{"nope"},
		},
		"ErrBadID": {
			reason: "an id that would not survive a URL", policy: compose.Auto,
			create: control.CreateDeployment{ID: "a/b", BlueprintID: "app", Inputs: cell("aws", "dev-small")},
			code:   orchestrator.Invalid, words: []string{"a/b"},
		},
		"ErrPlaceholderWithRehearsalOff": {
			reason: "refused before it starts, naming the secret and where to set it", policy: compose.Off,
			create: control.CreateDeployment{ID: "app_dev", BlueprintID: "app", Inputs: cell("aws", "dev-small")},
			code:   orchestrator.Invalid, words: []string{"aws_access_key_id", "Secrets page", "slipway secrets update"},
		},
		"ErrNoSuchEnvironment": {
			reason: "website needs an app deployment that exists", policy: compose.Auto,
			create: control.CreateDeployment{ID: "site", BlueprintID: "website", Inputs: map[string]orchestrator.Value{"environment": "app_gone"}},
			code:   orchestrator.Invalid, words: []string{"environment"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := setup(t, tc.policy)
			if tc.params != nil {
				changeParams(t, c, tc.params)
			}
			d, err := c.CreateDeployment(t.Context(), as(orchestrator.User), tc.create)
			if tc.code == "" {
				if err != nil {
					t.Fatalf("%s: %v", tc.reason, err)
				}
				if d.ID != tc.create.ID || d.CloudType != "aws" || d.EnvType != "dev-small" {
					t.Errorf("%s: got %s %s %s", tc.reason, d.ID, d.CloudType, d.EnvType)
				}
				if d.ExpectedNodes != 32 {
					t.Errorf("%s: %d nodes are expected, want the 32 of app and its six components", tc.reason, d.ExpectedNodes)
				}
				return
			}
			wantError(t, err, tc.code, tc.words...)
			if _, err := c.GetDeployment(t.Context(), as(orchestrator.Viewer), tc.create.ID); err == nil {
				t.Error("something half-done stays")
			}
		})
	}
}

func changeParams(t *testing.T, c bundle, change func(map[string]any)) {
	t.Helper()
	secret, err := c.GetSecret(t.Context(), as(orchestrator.Operator), orchestrator.EaasParams)
	if err != nil {
		t.Fatal(err)
	}
	var params map[string]any
	if err := json.Unmarshal([]byte(secret.Value), &params); err != nil {
		t.Fatal(err)
	}
	change(params)
	text, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutSecret(t.Context(), as(orchestrator.Operator), control.PutSecret{Key: orchestrator.EaasParams, Value: string(text), Update: true}); err != nil {
		t.Fatal(err)
	}
}

func TestDuplicateDeployment(t *testing.T) {
	c := setup(t, compose.Auto)
	create := control.CreateDeployment{ID: "app_dev", BlueprintID: "app", Inputs: cell("aws", "dev-small")}
	if _, err := c.CreateDeployment(t.Context(), as(orchestrator.User), create); err != nil {
		t.Fatal(err)
	}
	_, err := c.CreateDeployment(t.Context(), as(orchestrator.User), create)
	wantError(t, err, orchestrator.Conflict, "app_dev", "exists")
}

func TestUploadBlueprint(t *testing.T) {
	const imports = "tosca_definitions_version: cloudify_dsl_1_3\nimports:\n  - http://cloudify.co/spec/cloudify/6.3.0/types.yaml\n"
	for name, tc := range map[string]struct {
		reason string
		files  map[string]string
		raw    []byte
		code   orchestrator.Code
		words  []string
	}{
		"OK":              {reason: "the smallest blueprint", files: map[string]string{"blueprint.yaml": imports + "node_templates:\n  a: {type: cloudify.nodes.Root}\n"}},
		"ErrNoArchive":    {reason: "bytes that are no archive", raw: []byte("hello"), code: orchestrator.Invalid},
		"ErrEmptyArchive": {reason: "an archive without a blueprint", files: map[string]string{"readme.md": "x"}, code: orchestrator.Invalid, words: []string{"blueprint.yaml"}},
		"ErrUnknownType": {
			reason: "findings name file, line and the way out", files: map[string]string{"blueprint.yaml": imports + "node_templates:\n  a: {type: cloudify.nodes.Rot}\n"},
			code: orchestrator.Invalid, words: []string{"blueprint.yaml:5", "cloudify.nodes.Rot"},
		},
		"ErrScriptOnServer": {
			reason: "the sandbox comes later", files: map[string]string{
				"blueprint.yaml": imports + "node_templates:\n  a:\n    type: cloudify.nodes.Root\n    interfaces:\n      cloudify.interfaces.lifecycle:\n        create: {implementation: run.sh, executor: central_deployment_agent}\n",
				"run.sh":         "#!/bin/sh\n",
			},
			code: orchestrator.Invalid, words: []string{"cloudify.interfaces.lifecycle.create", "script on the server"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := setup(t, compose.Auto)
			data := tc.raw
			if data == nil {
				data = pack(t, tc.files)
			}
			bp, _, err := c.UploadBlueprint(t.Context(), as(orchestrator.Operator), control.UploadBlueprint{ID: "mine", Archive: data})
			if tc.code == "" {
				if err != nil || bp.Version != 1 {
					t.Fatalf("%s: %v", tc.reason, err)
				}
				_, _, err = c.UploadBlueprint(t.Context(), as(orchestrator.Operator), control.UploadBlueprint{ID: "mine", Archive: data})
				wantError(t, err, orchestrator.Conflict, "--new-version")
				second, _, err := c.UploadBlueprint(t.Context(), as(orchestrator.Operator), control.UploadBlueprint{ID: "mine", Archive: data, NewVersion: true})
				if err != nil || second.Version != 2 {
					t.Fatalf("a new version: %v, version %d", err, second.Version)
				}
				return
			}
			wantError(t, err, tc.code, tc.words...)
			if _, err := c.GetBlueprint(t.Context(), as(orchestrator.Viewer), "mine"); err == nil {
				t.Error("something half-done stays")
			}
		})
	}
}

func TestStartExecutionRefusals(t *testing.T) {
	c := setup(t, compose.Auto)
	if _, err := c.CreateDeployment(t.Context(), as(orchestrator.User), control.CreateDeployment{ID: "app_dev", BlueprintID: "app", Inputs: cell("aws", "dev-small")}); err != nil {
		t.Fatal(err)
	}
	start := func(workflow string) error {
		_, err := c.StartExecution(t.Context(), as(orchestrator.User), control.StartExecution{DeploymentID: "app_dev", Workflow: workflow})
		return err
	}
	wantError(t, start("dance"), orchestrator.Invalid, "dance", "install")
	wantError(t, start("uninstall"), orchestrator.Invalid, "uninstall", "not available")
	if err := start("install"); err != nil {
		t.Fatal(err)
	}
	wantError(t, start("install"), orchestrator.Invalid, "currently running", "slipway executions cancel")
	wantError(t, c.DeleteDeployment(t.Context(), as(orchestrator.User), "app_dev", true), orchestrator.Invalid, "running or queued executions")
	wantError(t, c.DeleteBlueprint(t.Context(), as(orchestrator.Operator), "app"), orchestrator.Conflict, "app_dev")
}

func TestDeleteDeployment(t *testing.T) {
	c := setup(t, compose.Auto)
	actor := as(orchestrator.User)
	if _, err := c.CreateDeployment(t.Context(), actor, control.CreateDeployment{ID: "app_dev", BlueprintID: "app", Inputs: cell("aws", "dev-small")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateDeployment(t.Context(), actor, control.CreateDeployment{ID: "site", BlueprintID: "website", Inputs: map[string]orchestrator.Value{"environment": "app_dev"}}); err != nil {
		t.Fatal(err)
	}
	wantError(t, c.DeleteDeployment(t.Context(), actor, "app_dev", false), orchestrator.Invalid, "site", "capabilities")
	if err := c.DeleteDeployment(t.Context(), actor, "site", false); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteDeployment(t.Context(), actor, "app_dev", false); err != nil {
		t.Fatal(err)
	}
	_, err := c.GetDeployment(t.Context(), actor, "app_dev")
	wantError(t, err, orchestrator.NotFound, "app_dev")
}

// TestRoles walks every request with every role: what each needs at least.
func TestRoles(t *testing.T) {
	c := setup(t, compose.Auto)
	for _, id := range []string{"theirs", "theirs_too"} { // one of them will be deleted
		if _, err := c.CreateDeployment(t.Context(), as(orchestrator.Admin), control.CreateDeployment{ID: id, BlueprintID: "app", Inputs: cell("aws", "dev-small")}); err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	needs := map[string]struct {
		role orchestrator.Role
		ask  func(orchestrator.Actor) error
	}{
		"list environments": {orchestrator.Viewer, func(a orchestrator.Actor) error {
			_, _, err := c.ListDeployments(ctx, a, control.ListDeployments{})
			return err
		}},
		"list secrets":     {orchestrator.Viewer, func(a orchestrator.Actor) error { _, err := c.ListSecrets(ctx, a); return err }},
		"see capabilities": {orchestrator.Viewer, func(a orchestrator.Actor) error { _, err := c.Capabilities(ctx, a, "theirs"); return err }},
		"see topology":     {orchestrator.Viewer, func(a orchestrator.Actor) error { _, err := c.Topology(ctx, a, "theirs"); return err }},
		"launch": {orchestrator.User, func(a orchestrator.Actor) error {
			_, err := c.CreateDeployment(ctx, a, control.CreateDeployment{BlueprintID: "app", Inputs: cell("aws", "dev-small")})
			return err
		}},
		"start on another's": {orchestrator.Operator, func(a orchestrator.Actor) error {
			_, err := c.StartExecution(ctx, a, control.StartExecution{DeploymentID: "theirs", Workflow: "dance"})
			return err
		}},
		"delete another's": {orchestrator.Operator, func(a orchestrator.Actor) error { return c.DeleteDeployment(ctx, a, "theirs_too", false) }},
		"write a secret":   {orchestrator.Operator, func(a orchestrator.Actor) error { _, err := c.PutSecret(ctx, a, control.PutSecret{}); return err }},
		"upload a blueprint": {orchestrator.Operator, func(a orchestrator.Actor) error {
			_, _, err := c.UploadBlueprint(ctx, a, control.UploadBlueprint{})
			return err
		}},
		"delete a blueprint": {orchestrator.Operator, func(a orchestrator.Actor) error { return c.DeleteBlueprint(ctx, a, "nope") }},
	}
	for what, need := range needs {
		for _, role := range []orchestrator.Role{"", orchestrator.Viewer, orchestrator.User, orchestrator.Operator} {
			code := orchestrator.ErrorCode(need.ask(as(role)))
			refused := code == orchestrator.Forbidden || code == orchestrator.Unauthorized
			if may := role.AtLeast(need.role); may == refused {
				t.Errorf("%s as %q: refused is %v (code %q), needs %s", what, role, refused, code, need.role)
			}
		}
	}
}

func TestSecrets(t *testing.T) {
	c := setup(t, compose.Auto)
	operator := as(orchestrator.Operator)
	put := func(key, value string, update bool) error {
		_, err := c.PutSecret(t.Context(), operator, control.PutSecret{Key: key, Value: value, Update: update})
		return err
	}
	if err := put("db_password", "correct horse", false); err != nil {
		t.Fatal(err)
	}
	wantError(t, put("db_password", "x", false), orchestrator.Conflict, "exists", "--update-if-exists")
	wantError(t, put(orchestrator.EaasParams, `{"aws": {`, true), orchestrator.Invalid, "line 1")
	wantError(t, put(orchestrator.EaasParams, `{"aws": {"dev": {"db": {"inputs": {}}}}}`, true), orchestrator.Invalid, "eaas_params.aws.dev.db", "blueprint")
	if err := put("db_password", "battery staple", true); err != nil {
		t.Fatal(err)
	}
	got, err := c.GetSecret(t.Context(), operator, "db_password")
	if err != nil || got.Value != "battery staple" || got.Version != 2 {
		t.Fatalf("got version %d, %v", got.Version, err)
	}
	hidden, err := c.GetSecret(t.Context(), as(orchestrator.Viewer), "db_password")
	if err != nil || hidden.Value != "" {
		t.Errorf("a viewer reads the value %q, %v", hidden.Value, err)
	}
	audits := auditActions(t, c)
	for action, want := range map[string]int{"secret.create db_password": 2, "secret.reveal db_password": 1} {
		if got := strings.Count(audits, action); got != want {
			t.Errorf("%d audit rows %q, want %d, in\n%s", got, action, want, audits)
		}
	}
	if strings.Contains(audits, "horse") || strings.Contains(audits, "staple") {
		t.Error("an audit row holds the value")
	}
}

// auditActions returns all audit rows as text, and proves their chain.
func auditActions(t *testing.T, c bundle) string {
	t.Helper()
	var text strings.Builder
	ctx := context.Background()
	if err := c.store.View(ctx, func(tx *store.Tx) error {
		rows, _, err := tx.Audits(ctx, store.AuditQuery{})
		for _, row := range rows {
			text.WriteString(row.Action + " " + row.Object + " " + row.Before + row.After + "\n")
		}
		if err != nil {
			return err
		}
		return tx.VerifyAudit(ctx)
	}); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// What is refused leaves nothing, not even an archive that no blueprint has.
func TestRefusedUploadKeepsNoArchive(t *testing.T) {
	c := setup(t, compose.Auto)
	before := c.archives.names(t)
	text := map[string]string{"blueprint.yaml": "tosca_definitions_version: cloudify_dsl_1_3\n"}
	for name, tc := range map[string]struct {
		reason string
		upload control.UploadBlueprint
		code   orchestrator.Code
	}{
		"ErrTaken":     {"the id is somebody's", control.UploadBlueprint{ID: "app", Archive: pack(t, text)}, orchestrator.Conflict},
		"ErrBadID":     {"no such id", control.UploadBlueprint{ID: "a/b", Archive: pack(t, text)}, orchestrator.Invalid},
		"ErrLongLabel": {"a label is a line", control.UploadBlueprint{ID: "a", Archive: pack(t, text), Labels: []orchestrator.Label{{Key: "k", Value: strings.Repeat("x", 257)}}}, orchestrator.Invalid},
		"ErrLabels":    {"a hundred labels are enough", control.UploadBlueprint{ID: "a", Archive: pack(t, text), Labels: make([]orchestrator.Label, 101)}, orchestrator.Invalid},
		"ErrBroken":    {"findings", control.UploadBlueprint{ID: "a", Archive: pack(t, map[string]string{"blueprint.yaml": "x: y\n"})}, orchestrator.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := c.UploadBlueprint(t.Context(), as(orchestrator.Operator), tc.upload)
			wantError(t, err, tc.code)
			if diff := cmp.Diff(before, c.archives.names(t)); diff != "" {
				t.Errorf("%s: archives (-before +after):\n%s", tc.reason, diff)
			}
		})
	}
}

// Names that people give end in tables, headers and logs.
func TestCreateDeploymentRefusesNamesThatAreNoLine(t *testing.T) {
	c := setup(t, compose.Auto)
	for name, create := range map[string]control.CreateDeployment{
		"ErrLongID":      {ID: strings.Repeat("a", 257)},
		"ErrLineBreakID": {ID: "a\nb"},
		"ErrNotUTF8ID":   {ID: "a\xff"},
		"ErrDots":        {ID: ".."},
		"ErrLongName":    {ID: "a", DisplayName: strings.Repeat("a", 257)},
		"ErrNUL":         {ID: "a", DisplayName: "a\x00b"},
		"ErrEscape":      {ID: "a", DisplayName: "a\x1b[2Jb"},
		"ErrLabelBreak":  {ID: "a", Labels: []orchestrator.Label{{Key: "k", Value: "a\r\nSet-Cookie: x"}}},
	} {
		t.Run(name, func(t *testing.T) {
			create.BlueprintID, create.Inputs = "app", cell("aws", "dev-small")
			_, err := c.CreateDeployment(t.Context(), as(orchestrator.User), create)
			wantError(t, err, orchestrator.Invalid)
		})
	}
	if _, total, err := c.ListDeployments(t.Context(), as(orchestrator.Viewer), control.ListDeployments{}); err != nil || total != 0 {
		t.Errorf("%d deployments came to be: %v", total, err)
	}
}

// Findings point into files of the archive and of the catalogue; both are shown.
func TestCompiledTexts(t *testing.T) {
	const text = "tosca_definitions_version: cloudify_dsl_1_3\nimports:\n  - cloudify/types/types.yaml\n"
	compiled, err := setup(t, compose.Auto).ValidateBlueprint(t.Context(), as(orchestrator.User), control.UploadBlueprint{Archive: pack(t, map[string]string{"blueprint.yaml": text})})
	if err != nil || compiled.Diagnostics.HasErrors() {
		t.Fatal(err, compiled.Diagnostics)
	}
	if got, ok := compiled.Text("blueprint.yaml"); !ok || string(got) != text {
		t.Errorf("the main file is %q, %t", got, ok)
	}
	if got, ok := compiled.Text("types/types_1_3.yaml"); !ok || !strings.Contains(string(got), "cloudify.nodes.Root") {
		t.Errorf("the imported file has %d bytes, %t", len(got), ok)
	}
	if _, ok := compiled.Text("../secret"); ok {
		t.Error("there is no such file")
	}
}

// Many look at once while no plan has been read yet, as after a restart: nobody
// may need a second connection to the database while holding one.
func TestManyReadersOfColdPlans(t *testing.T) {
	onBothDatabases(t, map[string]func(*testing.T, bundle){"OK": func(t *testing.T, c bundle) {
		launch(t, c, "app_dev")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		errs := atOnce(times(64, func(i int) error {
			if i%2 == 0 {
				_, err := c.Topology(ctx, as(orchestrator.Viewer), "app_dev")
				return err
			}
			_, err := c.Capabilities(ctx, as(orchestrator.Viewer), "app_dev")
			return err
		})...)
		wantCodes(t, errs, map[orchestrator.Code]int{"": 64})
	}})
}

// Revealing is audited by what was named; a name that is not offered is told.
func TestRevealCapabilities(t *testing.T) {
	c := setup(t, compose.Auto)
	const text = `tosca_definitions_version: cloudify_dsl_1_4
capabilities:
  key: {value: {get_secret: private_key_content}}
  words: {value: {get_secret: pass_phrase}}
  plain: {value: 1}
`
	_, err := c.PutSecret(t.Context(), as(orchestrator.Operator), control.PutSecret{Key: "pass_phrase", Value: "correct horse"})
	must(t, err)
	_, _, err = c.UploadBlueprint(t.Context(), as(orchestrator.Operator), control.UploadBlueprint{ID: "keys", Archive: pack(t, map[string]string{"blueprint.yaml": text})})
	must(t, err)
	_, err = c.CreateDeployment(t.Context(), as(orchestrator.Operator), control.CreateDeployment{ID: "env", BlueprintID: "keys"})
	must(t, err)
	shown, err := c.RevealCapabilities(t.Context(), as(orchestrator.Operator), "env", "key", "words")
	must(t, err)
	if len(shown) != 2 || shown[1].Value != "correct horse" {
		t.Errorf("revealed are %d capabilities", len(shown))
	}
	_, err = c.RevealCapabilities(t.Context(), as(orchestrator.Operator), "env", "key", "nope")
	wantError(t, err, orchestrator.NotFound, "nope")
	_, err = c.RevealCapabilities(t.Context(), as(orchestrator.User), "env", "key")
	wantError(t, err, orchestrator.Forbidden)
	if shown, err := c.RevealCapabilities(t.Context(), as(orchestrator.User), "env", "plain"); err != nil || shown[0].Value != int64(1) {
		t.Errorf("what is not marked needs no right: %v", err)
	}
	if audits := auditActions(t, c); strings.Count(audits, "capability.reveal") != 1 || !strings.Contains(audits, "capability.reveal env key words") {
		t.Errorf("audit rows:\n%s", audits)
	}
}
