package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const badInputPassword = "admin-Passw0rd-of-the-bad-inputs"

// victim is a running server that is sent bad input, with something in it that
// must stay as it is.
type victim struct {
	*process
	browser *http.Client
	csrf    string
}

// in is the same server, failing another test.
func (v *victim) in(t *testing.T) *victim {
	p := *v.process
	p.t = t
	return &victim{&p, v.browser, v.csrf}
}

// small is a blueprint that is right.
const small = `tosca_definitions_version: cloudify_dsl_1_4
imports: [http://cloudify.co/spec/cloudify/6.3.0/types.yaml]
inputs:
  size: {type: integer, default: 1}
  name: {type: string, default: small}
node_templates:
  root: {type: cloudify.nodes.Root}
capabilities:
  name: {value: {get_input: name}}
`

// reader uses what a deployment of small offers.
const reader = `tosca_definitions_version: cloudify_dsl_1_4
imports: [http://cloudify.co/spec/cloudify/6.3.0/types.yaml]
node_templates:
  root: {type: cloudify.nodes.Root, properties: {}}
capabilities:
  name: {value: {get_capability: [one, name]}}
`

// newVictim starts a server that holds the blueprints small and reader, the
// installed deployment one of the first, and two, of the second, which reads one.
func newVictim(t *testing.T) *victim {
	t.Helper()
	v := &victim{process: newProcess(t, "SLIPWAY_ADMIN_PASSWORD="+badInputPassword, "SLIPWAY_REHEARSAL_SPEED=max")}
	v.start()
	v.signIn()
	for id, text := range map[string]string{"small": small, "reader": reader} {
		if got := v.upload("/blueprints/"+id, zipOf(t, entry{name: "blueprint.yaml", text: text})); got.status != http.StatusCreated {
			t.Fatalf("upload of %s: %s", id, got.body)
		}
	}
	for _, d := range [][2]string{{"one", "small"}, {"two", "reader"}} {
		v.must(http.MethodPut, "/deployments/"+d[0], map[string]any{"blueprint_id": d[1]}, nil)
		v.ends(d[0], "install")
	}
	return v
}

// holdings is everything that the server keeps, from its lists and its disk.
func (v *victim) holdings() []string {
	v.t.Helper()
	var all []string
	for _, list := range []struct{ path, fields string }{
		{"/blueprints", "id,version,created_at"}, {"/deployments", "id,display_name,updated_at,deployment_status"},
		{"/executions", "id,status,ended_at"}, {"/secrets", "key,updated_at"}, {"/rehearsal/resources", "id,state"}, {"/node-instances", "id,state"},
	} {
		var page struct{ Items []json.RawMessage }
		v.must(http.MethodGet, list.path+"?_size=100000&_include="+list.fields, nil, &page)
		for _, item := range page.Items {
			all = append(all, list.path+" "+string(item))
		}
	}
	files, err := filepath.Glob(filepath.Join(v.dir, "blobs", "*", "*"))
	if err != nil {
		v.t.Fatal(err)
	}
	for _, file := range files {
		all = append(all, "archive "+filepath.Base(file))
	}
	return all
}

// unchanged runs something and fails the test when the server keeps anything
// more, less or else afterwards.
func (v *victim) unchanged(run func()) {
	v.t.Helper()
	before := v.holdings()
	run()
	if diff := cmp.Diff(before, v.holdings()); diff != "" {
		v.t.Errorf("something half-done stays (-before +after):\n%s", diff)
	}
}

// reply is what the server answered.
type reply struct {
	status int
	body   string
	header http.Header
}

// refusal is the API's error.
type refusal struct {
	Message   string  `json:"message"`
	Code      string  `json:"error_code"`
	Traceback *string `json:"server_traceback"`
}

func (v *victim) send(client *http.Client, method, path, contentType string, body io.Reader) reply {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, "http://"+v.addr+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	if strings.HasPrefix(path, "/api/") {
		request.Header.Set("Authentication-Token", v.token())
	} else {
		request.Header.Set("Origin", "http://"+v.addr)
	}
	response, err := client.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return reply{response.StatusCode, string(text), response.Header}
}

func (v *victim) token() string {
	v.t.Helper()
	token, err := os.ReadFile(filepath.Join(v.dir, "admin-token"))
	if err != nil {
		v.t.Fatal(err)
	}
	return strings.TrimSpace(string(token))
}

// api sends one request to the REST API.
func (v *victim) api(method, path, contentType, body string) reply {
	v.t.Helper()
	return v.send(http.DefaultClient, method, "/api/v3.1"+path, contentType, strings.NewReader(body))
}

// upload sends an archive to the REST API, as clients do.
func (v *victim) upload(path string, archive []byte) reply {
	v.t.Helper()
	body, contentType := multipartForm(v.t, map[string]string{"params": "{}"}, "blueprint_archive", archive)
	return v.send(http.DefaultClient, http.MethodPut, "/api/v3.1"+path, contentType, body)
}

// uploadPage sends an archive as the upload page does.
func (v *victim) uploadPage(id string, archive []byte) reply {
	v.t.Helper()
	body, contentType := multipartForm(v.t, map[string]string{"csrf": v.csrf, "id": id}, "archive", archive)
	return v.send(v.browser, http.MethodPost, "/upload-blueprint", contentType, body)
}

// form sends a form of a page.
func (v *victim) form(path string, fields map[string]string) reply {
	v.t.Helper()
	values := url.Values{"csrf": {v.csrf}}
	for name, value := range fields {
		values.Set(name, value)
	}
	return v.send(v.browser, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(values.Encode()))
}

// page fetches a page.
func (v *victim) page(path string) reply {
	v.t.Helper()
	return v.send(v.browser, http.MethodGet, path, "", nil)
}

func multipartForm(t *testing.T, fields map[string]string, name string, archive []byte) (io.Reader, string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for key, value := range fields {
		if err := form.WriteField(key, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile(name, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(archive); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return &body, form.FormDataContentType()
}

func (v *victim) signIn() {
	v.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		v.t.Fatal(err)
	}
	v.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	v.csrf = tokenOf(v.page("/sign-in"))
	if got := v.form("/sign-in", map[string]string{"name": "admin", "password": badInputPassword}); got.status != http.StatusSeeOther {
		v.t.Fatalf("sign in: %d %s", got.status, got.body)
	}
	v.csrf = tokenOf(v.page("/upload-blueprint"))
}

func tokenOf(page reply) string {
	if found := csrfField.FindStringSubmatch(page.body); found != nil {
		return found[1]
	}
	return ""
}

// slipway runs the program as a client of the server. It returns the exit code
// and what was printed, to both outputs.
func (v *victim) slipway(stdin string, args ...string) (int, string) {
	v.t.Helper()
	path, err := binary()
	if err != nil {
		v.t.Fatal(err)
	}
	command := exec.CommandContext(v.t.Context(), path, args...)
	command.Dir = v.t.TempDir()
	command.Env = append(os.Environ(), "SLIPWAY_URL=http://"+v.addr, "SLIPWAY_TOKEN_FILE="+filepath.Join(v.dir, "admin-token"), "HOME="+command.Dir)
	command.Stdin = strings.NewReader(stdin)
	output, err := command.CombinedOutput()
	if err != nil && command.ProcessState == nil {
		v.t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(output)
}

var (
	markup   = regexp.MustCompile(`<[^>]*>`)
	entities = strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&", "&lt;", "<", "&gt;", ">")
)

// shown is what a person reads on a page.
func (r reply) shown() string { return entities.Replace(markup.ReplaceAllString(r.body, "")) }

// inside are words that tell of the inside of the server, or that something
// broke there.
var inside = []string{"goroutine ", "panic", ".go:", "sql:", "SQLSTATE", "json:", "map[string]", "orchestrator.", "api.", "went wrong on our side"}

// tells fails unless the text holds all words and tells nothing of the inside.
func tells(t *testing.T, where, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			t.Errorf("%s does not name %q:\n%.2000s", where, word, text)
		}
	}
	for _, word := range inside {
		if strings.Contains(text, word) {
			t.Errorf("%s tells of the inside (%q):\n%.2000s", where, word, text)
		}
	}
}

// refused fails unless the API answered with the status and an error that names
// the words.
func (r reply) refused(t *testing.T, status int, words ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("the API answers %d, want %d: %.500s", r.status, status, r.body)
	}
	var object refusal
	if err := json.Unmarshal([]byte(r.body), &object); err != nil || object.Message == "" || object.Code == "" || object.Traceback != nil {
		t.Errorf("the API answers no error object: %.500s", r.body)
	}
	tells(t, "the API's message", object.Message, words...)
}

// fails fails unless the program ended with the code and printed the words.
func (v *victim) fails(code int, words []string, stdin string, args ...string) {
	v.t.Helper()
	got, output := v.slipway(stdin, args...)
	if got != code {
		v.t.Errorf("slipway %s ends with %d, want %d:\n%.1000s", strings.Join(args, " "), got, code, output)
	}
	tells(v.t, fmt.Sprintf("what slipway %.200s prints", strings.Join(args, " ")), output, words...)
}
