package api

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
)

// TestRefusals holds what bad requests are answered: the status and word that
// clients know, and a sentence that names what is wrong.
func TestRefusals(t *testing.T) {
	s := newSite(t)
	s.upload("small").want(http.StatusCreated)
	s.ask(orchestrator.Admin, http.MethodPut, v31+"/deployments/one", `{"blueprint_id": "small"}`).want(http.StatusCreated)
	const get, put, post, patch = http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch
	start := func(more string) string { return `{"deployment_id": "one", "workflow_id": "install"` + more + `}` }
	cases := map[string]struct {
		reason             string
		method, path, body string
		status             int
		code, says         string
	}{
		"UnknownQuery":     {reason: "an ignored filter would answer too much", method: get, path: "/deployments?owner=me", status: 400, code: "bad_parameters_error", says: `"owner"`},
		"Unreadable":       {reason: "a filter that cannot be read is not left out", method: get, path: "/deployments?id=a;b", status: 400, code: "bad_parameters_error", says: "escape ;"},
		"NegativeSize":     {reason: "sizes are counted", method: get, path: "/deployments?_size=-1", status: 400, code: "bad_parameters_error", says: "_size"},
		"BadBoolean":       {reason: "booleans are true or false", method: get, path: "/rehearsal/calls?effective=perhaps", status: 400, code: "bad_parameters_error", says: "effective"},
		"UnknownSort":      {reason: "sorting by nothing sorts nothing", method: get, path: "/executions?_sort=colour", status: 400, code: "bad_parameters_error", says: "created_at"},
		"UnknownInclude":   {reason: "a field that is not there cannot be sent", method: get, path: "/deployments?_include=colour", status: 400, code: "no_such_include_field_error", says: "colour"},
		"UnknownBodyKey":   {reason: "a setting that is ignored is a lie", method: put, path: "/deployments/two", body: `{"blueprint_id": "small", "colour": 1}`, status: 400, code: "bad_parameters_error", says: "colour"},
		"BrokenJSON":       {reason: "JSON or nothing", method: put, path: "/deployments/two", body: `{"blueprint_id": `, status: 400, code: "bad_parameters_error", says: "body"},
		"TwoDocuments":     {reason: "one request, one object", method: put, path: "/deployments/two", body: `{"blueprint_id": "small"} {}`, status: 400, code: "bad_parameters_error", says: "more than one"},
		"EmptyBody":        {reason: "nothing is no object", method: put, path: "/deployments/two", status: 400, code: "bad_parameters_error", says: "empty"},
		"ListForObject":    {reason: "no Go type is told to clients", method: put, path: "/deployments/two", body: `[1]`, status: 400, code: "bad_parameters_error", says: "the body must be a JSON object, not array"},
		"NumberForText":    {reason: "the field is named", method: put, path: "/deployments/two", body: `{"blueprint_id": 5}`, status: 400, code: "bad_parameters_error", says: `"blueprint_id" must be a text, not number`},
		"FractionForWhole": {reason: "the value is not repeated", method: post, path: "/executions", body: start(`, "wait_after_fail": 1.5`), status: 400, code: "bad_parameters_error", says: `"wait_after_fail" must be a whole number, not number`},
		"EndlessWait":      {reason: "seconds beyond counting", method: post, path: "/executions", body: start(`, "wait_after_fail": 9223372036854775807`), status: 400, code: "bad_parameters_error", says: "wait_after_fail"},
		"NUL":              {reason: "a name that nothing can have", method: get, path: "/deployments/a%00b", status: 404, code: "not_found_error", says: "not found"},
		"NotUTF8":          {reason: "a name that nothing can have", method: get, path: "/secrets/a%ffb", status: 404, code: "not_found_error", says: "not found"},
		"LabelOfLines":     {reason: "labels end in tables", method: put, path: "/deployments/two", body: `{"blueprint_id": "small", "labels": [{"a": "b\nc"}]}`, status: 400, code: "bad_parameters_error", says: "line break"},
		"NameOfLines":      {reason: "names end in tables", method: put, path: "/deployments/two", body: `{"blueprint_id": "small", "display_name": "a\u0000"}`, status: 400, code: "bad_parameters_error", says: "display name"},
		"MissingBlueprint": {reason: "which blueprint?", method: put, path: "/deployments/two", body: `{}`, status: 400, code: "bad_parameters_error", says: "blueprint_id"},
		"Private":          {reason: "what was meant to be private must not be shared", method: put, path: "/deployments/two", body: `{"blueprint_id": "small", "visibility": "private"}`, status: 400, code: "bad_parameters_error", says: "visibility"},
		"NoBlueprint":      {reason: "there is none", method: put, path: "/deployments/two", body: `{"blueprint_id": "none"}`, status: 404, code: "not_found_error", says: "not found"},
		"UnknownInput":     {reason: "the contract has a word for it", method: put, path: "/deployments/two", body: `{"blueprint_id": "small", "inputs": {"colour": "red"}}`, status: 400, code: "unknown_deployment_input_error", says: "colour"},
		"WrongType":        {reason: "a text is no integer", method: put, path: "/deployments/two", body: `{"blueprint_id": "small", "inputs": {"size": "big"}}`, status: 400, code: "bad_parameters_error", says: "size"},
		"InputsNoObject":   {reason: "inputs have names", method: put, path: "/deployments/two", body: `{"blueprint_id": "small", "inputs": [1]}`, status: 400, code: "bad_parameters_error", says: "inputs"},
		"Duplicate":        {reason: "an id is taken once", method: put, path: "/deployments/one", body: `{"blueprint_id": "small"}`, status: 409, code: "conflict_error", says: "one"},
		"BadID":            {reason: "ids survive URLs", method: put, path: "/deployments/a%20b", body: `{"blueprint_id": "small"}`, status: 400, code: "bad_parameters_error", says: "a b"},
		"NoWorkflow":       {reason: "which workflow?", method: post, path: "/executions", body: `{"deployment_id": "one"}`, status: 400, code: "bad_parameters_error", says: "workflow_id"},
		"UnknownWorkflow":  {reason: "the contract has a word for it", method: post, path: "/executions", body: `{"deployment_id": "one", "workflow_id": "dance"}`, status: 400, code: "nonexistent_workflow_error", says: "dance"},
		"UnknownParameter": {reason: "the contract has a word for it", method: post, path: "/executions", body: start(`, "parameters": {"colour": 1}`), status: 400, code: "illegal_execution_parameters_error", says: "colour"},
		"DryRun":           {reason: "a dry run that is wet is the worst", method: post, path: "/executions", body: start(`, "dry_run": "true"`), status: 400, code: "bad_parameters_error", says: "dry"},
		"Scheduled":        {reason: "later is not now", method: post, path: "/executions", body: start(`, "scheduled_time": "2030-01-01 12:00"`), status: 400, code: "bad_parameters_error", says: "scheduled"},
		"BadFlag":          {reason: "flags are true or false", method: post, path: "/executions", body: start(`, "force": "perhaps"`), status: 400, code: "bad_parameters_error", says: `"force" must be true or false, not string`},
		"NoLabels":         {reason: "a change of nothing is a slip", method: patch, path: "/deployments/one", body: `{}`, status: 400, code: "bad_parameters_error", says: "labels is missing"},
		"OtherChange":      {reason: "only labels can be changed", method: patch, path: "/blueprints/small", body: `{"creator": "x"}`, status: 400, code: "bad_parameters_error", says: "creator"},
		"NoExecution":      {reason: "clients look for these words", method: get, path: "/executions/none", status: 404, code: "not_found_error", says: "Requested `Execution` with ID `none` was not found"},
		"ForceCancel":      {reason: "this version has cancel only", method: post, path: "/executions/none", body: `{"action": "force-cancel"}`, status: 400, code: "illegal_action_error", says: "cancel"},
		"Kill":             {reason: "this version has cancel only", method: post, path: "/executions/none", body: `{"action": "kill"}`, status: 400, code: "illegal_action_error", says: "cancel"},
		"UnknownAction":    {reason: "no such action", method: post, path: "/executions/none", body: `{"action": "dance"}`, status: 400, code: "bad_parameters_error", says: "dance"},
		"EventsOfNothing":  {reason: "of what?", method: get, path: "/events", status: 400, code: "bad_parameters_error", says: "execution"},
		"EventsOfNone":     {reason: "there is none", method: get, path: "/events?execution_id=none", status: 404, code: "not_found_error", says: "not found"},
		"BadRange":         {reason: "a time is a time", method: get, path: "/events?deployment_id=one&_range=@timestamp,noon,", status: 400, code: "bad_parameters_error", says: "noon"},
		"Evaluate":         {reason: "expressions are not passed off as values", method: get, path: "/nodes?_evaluate_functions=True", status: 400, code: "bad_parameters_error", says: "_evaluate_functions"},
		"SecretNoValue":    {reason: "a secret is a value", method: put, path: "/secrets/k", body: `{}`, status: 400, code: "bad_parameters_error", says: "value"},
		"SecretNoText":     {reason: "a value is a text", method: put, path: "/secrets/k", body: `{"value": 5}`, status: 400, code: "bad_parameters_error", says: "value"},
		"SecretProvider":   {reason: "there are no other keepers", method: put, path: "/secrets/k", body: `{"value": "v", "provider_name": "vault"}`, status: 400, code: "bad_parameters_error", says: "provider_name"},
		"EaasParams":       {reason: "eaas_params is JSON", method: put, path: "/secrets/eaas_params", body: `{"value": "{", "update_if_exists": true}`, status: 400, code: "bad_parameters_error", says: "line 1"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, tc.reason, s.ask(orchestrator.Admin, tc.method, v31+tc.path, tc.body), tc.status, tc.code, tc.says)
		})
	}
}

func checkRefusal(t *testing.T, reason string, got answer, status int, code, says string) {
	t.Helper()
	var object errorObject
	got.read(&object)
	if got.status != status || object.Code != code || !strings.Contains(object.Message, says) || object.Traceback != nil {
		t.Errorf("%s: got %d %s, want %d %s with %q", reason, got.status, got.body, status, code, says)
	}
}

func TestContentTypes(t *testing.T) {
	s := newSite(t)
	got := s.send(orchestrator.Admin, http.MethodPut, v31+"/deployments/one", "text/plain", strings.NewReader(`{"blueprint_id": "small"}`))
	checkRefusal(t, "what a page can send without asking is refused", got, http.StatusUnsupportedMediaType, "unsupported_content_type_error", "application/json")
	got = s.send(orchestrator.Admin, http.MethodPut, v31+"/secrets/k", "application/json", strings.NewReader(`{"value": "`+strings.Repeat("x", maxJSON)+`"}`))
	checkRefusal(t, "a body has a limit", got, http.StatusRequestEntityTooLarge, "bad_parameters_error", "8 MB")
}

func TestUploadRefusals(t *testing.T) {
	s := newSite(t)
	broken := strings.ReplaceAll(small, "cloudify.nodes.Root", "cloudify.nodes.Rooot")
	cases := map[string]struct {
		reason     string
		params     string
		archive    []byte
		id         string
		status     int
		code, says string
	}{
		"NoArchive":  {reason: "what is it about?", params: "{}", id: "a", status: 400, code: "bad_parameters_error", says: "blueprint_archive"},
		"NotArchive": {reason: "text is no archive", params: "{}", archive: []byte("hello"), id: "a", status: 400, code: "bad_parameters_error", says: "archive"},
		"BadParams":  {reason: "settings are an object", params: "[", archive: packed(t, small), id: "a", status: 400, code: "bad_parameters_error", says: "params"},
		"NoMain":     {reason: "which file?", params: `{"application_file_name": "main.yaml"}`, archive: packed(t, small), id: "a", status: 400, code: "bad_parameters_error", says: "main.yaml"},
		"ByURL":      {reason: "the server fetches nothing", params: `{"blueprint_archive_url": "https://example.com/a.zip"}`, id: "a", status: 400, code: "bad_parameters_error", says: "upload"},
		"Invalid":    {reason: "the findings say where", params: "{}", archive: packed(t, broken), id: "a", status: 400, code: "invalid_blueprint_error", says: "blueprint.yaml:12:11"},
		"BadID":      {reason: "a blueprint's id begins with a letter", params: "{}", archive: packed(t, small), id: "1a", status: 400, code: "bad_parameters_error", says: "letter"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			contentType, body := form(t, tc.params, tc.archive)
			got := s.send(orchestrator.Admin, http.MethodPut, v31+"/blueprints/"+tc.id, contentType, body)
			checkRefusal(t, tc.reason, got, tc.status, tc.code, tc.says)
			var object errorObject
			got.read(&object)
			if (tc.code == "invalid_blueprint_error") != (len(object.Findings) > 0) {
				t.Errorf("%s: findings are %v", tc.reason, object.Findings)
			}
			s.ask(orchestrator.Admin, http.MethodGet, v31+"/blueprints/a", "").want(http.StatusNotFound)
		})
	}
}

func TestUploadForms(t *testing.T) {
	s := newSite(t)
	admin := orchestrator.Admin
	bare := func(method, path string) answer {
		return s.send(admin, method, v31+path, "application/octet-stream", bytes.NewReader(packed(t, small)))
	}
	bare(http.MethodPut, "/blueprints/small?application_file_name=blueprint.yaml&visibility=tenant").want(http.StatusCreated)
	bare(http.MethodPut, "/blueprints/small").want(http.StatusConflict)
	var second struct{ Version int }
	bare(http.MethodPut, "/blueprints/small?new_version=true").want(http.StatusCreated).read(&second)
	if second.Version != 2 {
		t.Errorf("the second upload is version %d", second.Version)
	}
	bare(http.MethodPut, "/blueprints/other/validate").want(http.StatusCreated)
	s.ask(admin, http.MethodGet, v31+"/blueprints/other", "").want(http.StatusNotFound)
	var checked findingsObject
	bare(http.MethodPost, "/blueprints/validate").want(http.StatusOK).read(&checked)
	if !checked.Valid || len(checked.Findings) > 0 {
		t.Errorf("validation found %+v", checked)
	}
	got := s.ask(admin, http.MethodGet, v31+"/blueprints/small/archive", "").want(http.StatusOK)
	if got.body != string(packed(t, small)) || got.header.Get("Content-Disposition") != "attachment; filename=small.tar.gz" {
		t.Errorf("the archive comes back as it was: %v", got.header)
	}
}
