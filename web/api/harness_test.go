package api

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/blueprints"
	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/archive"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	"github.com/slipwayhq/slipway/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// small is a blueprint with one node, whose provider makes a token.
const small = `tosca_definitions_version: cloudify_dsl_1_5
description: A small one.
imports:
  - http://cloudify.co/spec/cloudify/6.3.0/types.yaml
inputs:
  size: {type: integer, default: 3, description: How much of it., constraints: [{greater_than: 0}]}
  env: {type: string, required: false}
plugins:
  maker: {executor: central_deployment_agent, package_name: maker}
node_templates:
  thing:
    type: cloudify.nodes.Root
    interfaces:
      cloudify.interfaces.lifecycle:
        create: {implementation: maker.make, inputs: {size: {get_input: size}}}
        delete: maker.make
capabilities:
  size: {description: How much there is., value: {get_input: size}}
  token: {value: {get_secret: token}}
outputs:
  plain: {value: text}
  computed: {value: {get_input: size}}
`

// catalogue ships the types and no blueprints.
type catalogue struct{}

func (catalogue) Types(location, version string) (text, name string, ok bool) {
	return blueprints.TypesFor(location, version)
}
func (catalogue) SampleEaasParams() string                        { return blueprints.SampleEaasParams() }
func (catalogue) EveryType() string                               { return blueprints.EveryType() }
func (catalogue) Blueprints() ([]control.BundledBlueprint, error) { return nil, nil }

// archives keeps archives in memory.
type archives map[string][]byte

func (a archives) Put(_ context.Context, digest string, content io.Reader) error {
	data, err := io.ReadAll(content)
	a[digest] = data
	return err
}

func (a archives) Open(_ context.Context, digest string) (io.ReadCloser, error) {
	data, ok := a[digest]
	if !ok {
		return nil, fmt.Errorf("no archive %s", digest)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (a archives) Delete(_ context.Context, name string) error {
	delete(a, name)
	return nil
}

// site is the API on a real control and engine over SQLite.
type site struct {
	t       *testing.T
	api     *API
	control *control.Control
	world   rehearsal.State
}

func newSite(t *testing.T) *site {
	t.Helper()
	stored := storetest.OpenSQLite(t)
	must(t, engine.Migrate(t.Context(), stored))
	queue, err := engine.NewQueue(stored)
	must(t, err)
	quiet := slog.New(slog.DiscardHandler)
	world := rehearsal.NewMemory()
	decide, err := control.New(control.Config{
		Store: stored, Queue: queue, Archives: archives{}, Catalogue: catalogue{}, Rehearsal: compose.Auto,
		World: world, Now: time.Now, Logger: quiet,
	})
	must(t, err)
	registry := provider.Registry{"maker": provider.Func(makeToken)}
	decide.UseProviders(registry)
	_, err = decide.Begin(t.Context(), control.FirstStart{HashPassword: func(string) (string, error) { return "", nil }})
	must(t, err)
	run, err := engine.New(engine.Config{
		Store: stored, Queue: queue, Providers: registry, Resources: decide.Resources, Installation: "test", Server: "test",
		QueueWorkers: 2, OperationSlots: 8, ResidentExecutions: 8, RehearsalSpeed: 1000, Clock: engine.SystemClock{}, Logger: quiet,
	})
	must(t, err)
	must(t, run.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := run.Stop(ctx); err != nil {
			t.Errorf("stop engine: %v", err)
		}
	})
	api, err := New(Config{Control: decide, Authenticate: byRole, Version: "test", Logger: quiet})
	must(t, err)
	return &site{t: t, api: api, control: decide, world: world}
}

// makeToken is the provider of the small blueprint.
func makeToken(context.Context, *provider.Call) (provider.Result, error) {
	return provider.Result{Set: map[string]orchestrator.Value{
		"name": "a-name", "made_token": orchestrator.Mark("a-made-token"),
	}}, nil
}

// byRole takes the role from a header, so that a test can be anybody.
func byRole(r *http.Request) (orchestrator.Actor, error) {
	role := orchestrator.Role(r.Header.Get("Role"))
	if role == "" {
		return orchestrator.Actor{}, orchestrator.Errorf(orchestrator.Unauthorized, "nobody").Because("unauthorized_error")
	}
	return orchestrator.Actor{Kind: orchestrator.ActorUser, Name: "test-" + string(role), Team: orchestrator.DefaultTeam, Role: role}, nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is a response, read.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

// ask sends a request with a JSON body, or none when body is empty.
func (s *site) ask(role orchestrator.Role, method, path, body string) answer {
	s.t.Helper()
	return s.send(role, method, path, "application/json", strings.NewReader(body))
}

func (s *site) send(role orchestrator.Role, method, path, contentType string, body io.Reader) answer {
	s.t.Helper()
	r := httptest.NewRequest(method, path, body)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Role", string(role))
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	return answer{s.t, w.Code, w.Header(), w.Body.String()}
}

// want fails the test unless the answer has that status.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// read decodes the answer.
func (a answer) read(into any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		a.t.Fatalf("read %s: %v", a.body, err)
	}
}

// form is an upload as cfy sends it.
func form(t *testing.T, settings string, archived []byte) (contentType string, body io.Reader) {
	t.Helper()
	var buffer bytes.Buffer
	w := multipart.NewWriter(&buffer)
	must(t, w.WriteField("params", settings))
	part, err := w.CreateFormFile("blueprint_archive", "filename")
	must(t, err)
	_, err = part.Write(archived)
	must(t, err)
	must(t, w.Close())
	return w.FormDataContentType(), &buffer
}

func packed(t *testing.T, text string) []byte {
	t.Helper()
	data, err := archive.Pack(fstest.MapFS{"blueprint.yaml": {Data: []byte(text)}})
	must(t, err)
	return data
}

// upload stores the small blueprint, and the secret that it reads.
func (s *site) upload(id string) answer {
	s.t.Helper()
	s.ask(orchestrator.Admin, http.MethodPut, v31+"/secrets/token", `{"value": "a-very-secret-token", "update_if_exists": true}`).want(http.StatusOK)
	contentType, body := form(s.t, `{"visibility": "tenant", "async_upload": true, "application_file_name": "blueprint.yaml", "labels": [{"key": "Kind", "value": "small"}]}`, packed(s.t, small))
	return s.send(orchestrator.Operator, http.MethodPut, v31+"/blueprints/"+id, contentType, body)
}

// run starts a workflow and waits for its end.
func (s *site) run(deployment, workflow string) executionRead {
	s.t.Helper()
	var x executionRead
	s.ask(orchestrator.Admin, http.MethodPost, v31+"/executions",
		`{"deployment_id": "`+deployment+`", "workflow_id": "`+workflow+`", "parameters": {}, "force": "false", "scheduled_time": null, "is_system_workflow": null}`).
		want(http.StatusCreated).read(&x)
	actor := orchestrator.Actor{Kind: orchestrator.ActorUser, Name: "test", Team: orchestrator.DefaultTeam, Role: orchestrator.Viewer}
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	for _, err := range s.control.Follow(ctx, actor, x.ID, 0) {
		must(s.t, err)
	}
	s.ask(orchestrator.Viewer, http.MethodGet, v31+"/executions/"+x.ID, "").want(http.StatusOK).read(&x)
	return x
}

// executionRead is what a client reads of an execution.
type executionRead struct {
	ID, Status, Error string
}

// What differs from run to run.
var (
	anyUUID    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	anyTime    = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`)
	anyRandom  = regexp.MustCompile(`thing_[a-z0-9]{6}`)
	anyStorage = regexp.MustCompile(`"_storage_id": \d+`)
)

// abridged keeps only the workflow install of what lists all the workflows that
// the types bring.
func (a answer) abridged() answer {
	a.t.Helper()
	var object map[string]any
	a.read(&object)
	abridge(object)
	data, err := json.Marshal(object)
	must(a.t, err)
	a.body = string(data)
	return a
}

func abridge(object map[string]any) {
	if plan, ok := object["plan"].(map[string]any); ok {
		abridge(plan)
	}
	switch workflows := object["workflows"].(type) {
	case []any:
		object["workflows"] = slices.DeleteFunc(workflows, func(w any) bool { return w.(map[string]any)["name"] != "install" })
	case map[string]any:
		object["workflows"] = map[string]any{"install": workflows["install"]}
	}
}

// golden compares an answer with a file, after taking out what is random.
func (a answer) golden(name string) {
	a.t.Helper()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(a.body), "", "  "); err != nil {
		a.t.Fatalf("%s is not JSON: %v", a.body, err)
	}
	got := anyUUID.ReplaceAllString(pretty.String(), "UUID")
	got = anyTime.ReplaceAllString(got, "TIME")
	got = anyRandom.ReplaceAllString(got, "thing_RANDOM")
	got = anyStorage.ReplaceAllString(got, `"_storage_id": N`)
	path := filepath.Join("testdata", name+".json")
	if *update {
		must(a.t, os.MkdirAll("testdata", 0o755))
		must(a.t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	must(a.t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		a.t.Errorf("%s differs (run with -update when this is meant):\n%s", path, diff)
	}
}
