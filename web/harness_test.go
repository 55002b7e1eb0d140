package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipwayhq/slipway/blueprints"
	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/archive"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/component"
	"github.com/slipwayhq/slipway/orchestrator/provider/native"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/storetest"
)

// catalogue is the bundled one.
type catalogue struct{}

func (catalogue) Types(location, version string) (text, name string, ok bool) {
	return blueprints.TypesFor(location, version)
}
func (catalogue) SampleEaasParams() string { return blueprints.SampleEaasParams() }

func (catalogue) EveryType() string { return blueprints.EveryType() }
func (catalogue) Blueprints() ([]control.BundledBlueprint, error) {
	var bundled []control.BundledBlueprint
	for _, entry := range blueprints.Catalog() {
		files, err := entry.Files()
		if err != nil {
			return nil, err
		}
		bundled = append(bundled, control.BundledBlueprint{ID: entry.ID, Kind: string(entry.Kind), Description: entry.Description, Files: files, MainFile: blueprints.MainFile})
	}
	return bundled, nil
}

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

// site is a portal on a real control and engine over SQLite. Operations of the
// plugin package "gate" wait until the test opens it.
type site struct {
	t      *testing.T
	server *Server
	http   *httptest.Server
	store  *store.Store
	log    *bytes.Buffer
	gate   chan struct{}
	held   chan string // the node whose operation arrived at the gate
	// databaseGone says that the test closed the database on purpose.
	databaseGone bool
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, store: storetest.OpenSQLite(t), log: &bytes.Buffer{}, gate: make(chan struct{}), held: make(chan string, 8)}
	must(t, engine.Migrate(t.Context(), s.store))
	queue, err := engine.NewQueue(s.store)
	must(t, err)
	quiet := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	decide, err := control.New(control.Config{
		Store: s.store, Queue: queue, Archives: archives{}, Catalogue: catalogue{}, Rehearsal: compose.Auto,
		World: rehearsal.NewMemory(), Now: time.Now, Logger: quiet,
	})
	must(t, err)
	registry := provider.Registry{}
	for _, name := range blueprints.Packages() {
		registry[name] = provider.Func(func(context.Context, *provider.Call) (provider.Result, error) { return provider.Result{}, nil })
	}
	registry[native.PackageName] = native.New()
	registry[component.PackageName] = component.New(decide.Components())
	registry["gate"] = provider.Func(s.wait)
	decide.UseProviders(registry)
	_, err = decide.Begin(t.Context(), control.FirstStart{HashPassword: func(string) (string, error) { return "", nil }})
	must(t, err)
	run, err := engine.New(engine.Config{
		Store: s.store, Queue: queue, Providers: registry, Resources: decide.Resources, Installation: "test", Server: "test",
		QueueWorkers: 2, OperationSlots: 8, ResidentExecutions: 8, RehearsalSpeed: 1000, Clock: engine.SystemClock{}, Logger: quiet,
	})
	must(t, err)
	must(t, run.Start(t.Context()))
	s.server, err = New(Config{Control: decide, PublicURL: "http://127.0.0.1:8080", Now: time.Now, Logger: slog.New(slog.NewTextHandler(s.log, nil))})
	must(t, err)
	s.http = httptest.NewServer(s.server)
	t.Cleanup(func() {
		s.http.CloseClientConnections()
		s.http.Close()
		s.server.Stop()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := run.Stop(ctx); err != nil && !s.databaseGone {
			t.Errorf("stop engine: %v", err)
		}
	})
	return s
}

func (s *site) wait(ctx context.Context, call *provider.Call) (provider.Result, error) {
	s.held <- call.Self.NodeID
	select {
	case <-s.gate:
		return provider.Result{}, nil
	case <-ctx.Done():
		return provider.Result{}, ctx.Err()
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// browser is somebody at the portal: cookies, no redirects followed by itself.
type browser struct {
	site   *site
	client *http.Client
	token  string // for forms
}

// as opens a browser for a fresh account of that role, signed in.
func (s *site) as(role orchestrator.Role) *browser {
	s.t.Helper()
	account := orchestrator.Account{Name: "test-" + string(role), Role: role, Team: orchestrator.DefaultTeam, CreatedAt: time.Now()}
	must(s.t, s.store.InTx(s.t.Context(), func(tx *store.Tx) error { return tx.PutAccount(s.t.Context(), account) }))
	token, err := s.server.sessions.Begin(s.t.Context(), account, "127.0.0.1", "")
	must(s.t, err)
	b := s.nobody()
	at, err := url.Parse(s.http.URL)
	must(s.t, err)
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: sessionCookie, Value: token, Path: "/"}})
	b.token = formToken(b.get("/secrets"))
	return b
}

func (s *site) nobody() *browser {
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	return &browser{site: s, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   string
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func formToken(a answer) string {
	if match := csrfField.FindStringSubmatch(a.body); match != nil {
		return match[1]
	}
	return ""
}

func (b *browser) do(r *http.Request) answer {
	b.site.t.Helper()
	response, err := b.client.Do(r)
	must(b.site.t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	must(b.site.t, err)
	return answer{response.StatusCode, response.Header, string(body)}
}

func (b *browser) get(path string) answer {
	b.site.t.Helper()
	r, err := http.NewRequestWithContext(b.site.t.Context(), http.MethodGet, b.site.http.URL+path, nil)
	must(b.site.t, err)
	return b.do(r)
}

// post sends a form with the browser's token.
func (b *browser) post(path string, fields ...string) answer {
	b.site.t.Helper()
	return b.do(b.form(path, fields...))
}

func (b *browser) form(path string, fields ...string) *http.Request {
	b.site.t.Helper()
	values := url.Values{"csrf": {b.token}}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	r, err := http.NewRequestWithContext(b.site.t.Context(), http.MethodPost, b.site.http.URL+path, strings.NewReader(values.Encode()))
	must(b.site.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// upload sends an archive of files given by name.
func (b *browser) upload(id string, files map[string]string) answer {
	b.site.t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	packed, err := archive.Pack(tree)
	must(b.site.t, err)
	return b.uploadRaw(id, packed)
}

func (b *browser) uploadRaw(id string, packed []byte) answer {
	b.site.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	must(b.site.t, w.WriteField("csrf", b.token))
	must(b.site.t, w.WriteField("id", id))
	part, err := w.CreateFormFile("archive", id+".tar.gz")
	must(b.site.t, err)
	_, err = part.Write(packed)
	must(b.site.t, err)
	must(b.site.t, w.Close())
	r, err := http.NewRequestWithContext(b.site.t.Context(), http.MethodPost, b.site.http.URL+"/upload-blueprint", &body)
	must(b.site.t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(r)
}

// garden is a small blueprint with an input of each kind, a marked capability
// and a node that waits at the gate.
const garden = `tosca_definitions_version: cloudify_dsl_1_4
description: A garden for tests.
imports:
  - http://cloudify.co/spec/cloudify/6.3.0/types.yaml
  - plugin:slipway-native
plugins:
  gate:
    executor: central_deployment_agent
    package_name: gate
    install: false
node_types:
  Gate:
    derived_from: cloudify.nodes.Root
    interfaces:
      cloudify.interfaces.lifecycle:
        start: gate.hold
inputs:
  size:
    type: integer
    description: How many beds.
    constraints:
      - in_range: [1, 9]
  soil:
    type: string
    default: loam
    constraints:
      - valid_values: [loam, sand]
  plants:
    type: list
    default: [rose]
  fenced:
    type: boolean
    default: true
  neighbour:
    type: deployment_id
    required: false
node_templates:
  ground:
    type: cloudify.nodes.Root
  key:
    type: slipway.nodes.Password
    relationships:
      - type: cloudify.relationships.depends_on
        target: ground
  gate:
    type: Gate
    relationships:
      - type: cloudify.relationships.depends_on
        target: key
capabilities:
  beds:
    description: How many beds there are.
    value: { get_input: size }
  key:
    description: Opens the gate.
    value: { get_attribute: [ key, value ] }
`

// planted uploads the garden and launches one, up to the gate.
func (s *site) planted(b *browser, id string) {
	s.t.Helper()
	if got := b.upload("garden", map[string]string{"blueprint.yaml": garden}); got.status != http.StatusSeeOther {
		s.t.Fatalf("upload: %d\n%s", got.status, textOnly(got.body))
	}
	if got := b.post("/launch/garden", "id", id, "in.size", "3"); got.header.Get("Location") != "/environments/"+id {
		s.t.Fatalf("launch: %d to %q\n%s", got.status, got.header.Get("Location"), textOnly(got.body))
	}
	<-s.held
}

var tags = regexp.MustCompile(`(?s)<svg.*?</svg>|<[^>]*>`)

// textOnly is what a page says, without its markup.
func textOnly(html string) string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(html, " ")), " ")
}

// waitFor reads a page until it says something; the engine works meanwhile.
func (b *browser) waitFor(path, words string) answer {
	b.site.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		got := b.get(path)
		if strings.Contains(textOnly(got.body), words) {
			return got
		}
		if time.Now().After(deadline) {
			b.site.t.Fatalf("%s never said %q:\n%s", path, words, textOnly(got.body))
		}
		time.Sleep(20 * time.Millisecond)
	}
}
