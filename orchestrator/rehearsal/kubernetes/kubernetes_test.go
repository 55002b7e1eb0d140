package kubernetes

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// bench speaks plain HTTP to one cluster.
type bench struct {
	*testing.T
	world  *rehearsal.World
	client http.RoundTripper
	token  string
}

const server = "https://k:8443"

func newBench(t *testing.T, config rehearsal.Config) *bench {
	t.Helper()
	world := rehearsal.New(config)
	cluster := rehearsal.NewCluster(server, "k", "owner", world.Now(), world.Now())
	token, err := cluster.Token()
	if err == nil {
		err = world.State.Update(t.Context(), func(tx rehearsal.Tx) error { return rehearsal.PutCluster(tx, cluster) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t, world, rehearsal.InProcess(New(world)), token}
}

func (b *bench) ask(method, path, body string) (int, document) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), method, server+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+b.token)
	if method == http.MethodPatch {
		request.Header.Set("Content-Type", applyPatch)
	}
	response, err := b.client.RoundTrip(request)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	var out document
	if err := json.Unmarshal(content, &out); err != nil {
		b.Fatalf("%s %s answered %q", method, path, content)
	}
	return response.StatusCode, out
}

func (b *bench) must(status int, method, path, body string) document {
	b.Helper()
	got, out := b.ask(method, path, body)
	if got != status {
		b.Fatalf("%s %s answered %d %v, want %d", method, path, got, out, status)
	}
	return out
}

const (
	configMaps  = "/api/v1/namespaces/default/configmaps"
	deployments = "/apis/apps/v1/namespaces/default/deployments"
	byUs        = "?fieldManager=us"
)

func deployment(selector, fields string) string {
	return `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"app":"` + selector + `"}},
		"template":{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{` + fields + `}]}}}}`
}

func TestRefusals(t *testing.T) {
	config := func(name string) string {
		return `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"` + name + `"},"data":{"k":"v"}}`
	}
	tests := map[string]struct {
		reason       string
		method, path string
		body         string
		want         string // the Status's reason
	}{
		"NoNamespace":    {"objects are in a namespace that exists", "PATCH", "/api/v1/namespaces/none/configmaps/x" + byUs, config("x"), "NotFound"},
		"NoManager":      {"whoever applies says who it is", "PATCH", configMaps + "/x", config("x"), "Invalid"},
		"OtherName":      {"body and path agree", "PATCH", configMaps + "/x" + byUs, config("y"), "BadRequest"},
		"OtherKind":      {"on the kind too", "PATCH", "/api/v1/namespaces/default/secrets/x" + byUs, config("x"), "BadRequest"},
		"BadName":        {"names are DNS names", "PATCH", configMaps + "/X_y" + byUs, config("X_y"), "Invalid"},
		"NumberInData":   {"data is text", "PATCH", configMaps + "/x" + byUs, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"k":1}}`, ""},
		"Conflict":       {"another manager's field is not taken without force", "PATCH", configMaps + "/theirs" + byUs, strings.Replace(config("theirs"), `"v"`, `"w"`, 1), "Conflict"},
		"Exists":         {"a POST makes nothing twice", "POST", configMaps, config("theirs"), "AlreadyExists"},
		"NoContainers":   {"a deployment runs something", "PATCH", deployments + "/d" + byUs, strings.Replace(deployment("a", ""), "{}", "", 1), "Invalid"},
		"NoImage":        {"from an image", "PATCH", deployments + "/d" + byUs, deployment("a", `"name":"c"`), "Invalid"},
		"Selector":       {"that its selector finds", "PATCH", deployments + "/d" + byUs, deployment("b", `"name":"c","image":"i"`), "Invalid"},
		"NoPorts":        {"a service has ports", "PATCH", "/api/v1/namespaces/default/services/s" + byUs, `{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{}}`, "Invalid"},
		"UnknownKind":    {"a kind that is not served", "GET", "/apis/example.org/v1/castles", "", "NotFound"},
		"Subresource":    {"nor are logs and proxies", "GET", "/api/v1/namespaces/default/services/s/proxy", "", "NotImplemented"},
		"Watch":          {"nor watches", "GET", configMaps + "?watch=true", "", "NotImplemented"},
		"NotYAML":        {"a body that is none", "PATCH", configMaps + "/x" + byUs, "{", "BadRequest"},
		"DeleteUnknown":  {"what is not there cannot go", "DELETE", configMaps + "/none", "", "NotFound"},
		"DeleteOtherUID": {"nor can what has another id", "DELETE", configMaps + "/theirs", `{"preconditions":{"uid":"other"}}`, "Conflict"},
	}
	b := newBench(t, rehearsal.Config{})
	b.must(http.StatusCreated, "PATCH", configMaps+"/theirs?fieldManager=them", config("theirs"))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			status, body := b.ask(test.method, test.path, test.body)
			if got := text(body, "reason"); status < 400 || got != test.want {
				t.Errorf("%s: answered %d %v, want %s", test.reason, status, body, test.want)
			}
		})
	}
}

func TestAuthentication(t *testing.T) {
	b := newBench(t, rehearsal.Config{})
	b.token = "wrong"
	for _, path := range []string{"/version", "/api", configMaps} {
		if status, _ := b.ask(http.MethodGet, path, ""); status != http.StatusUnauthorized {
			t.Errorf("%s answered %d to a stranger, want 401", path, status)
		}
	}
}

func TestThingsTakeTheirTime(t *testing.T) {
	clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b := newBench(t, rehearsal.Config{Speed: 1, Now: func() time.Time { return clock }})
	b.must(http.StatusCreated, "PATCH", deployments+"/d"+byUs, deployment("a", `"name":"c","image":"i"`))
	available := func() any {
		return field(b.must(http.StatusOK, "GET", deployments+"/d", ""), "status", "availableReplicas")
	}
	b.must(http.StatusCreated, "PATCH", "/api/v1/namespaces/n"+byUs, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}}`)
	b.must(http.StatusCreated, "PATCH", "/api/v1/namespaces/n/configmaps/x"+byUs, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}`)
	phase := text(b.must(http.StatusOK, "DELETE", "/api/v1/namespaces/n", ""), "status", "phase")
	got := []any{available(), phase}
	status, _ := b.ask("PATCH", "/api/v1/namespaces/n/configmaps/y"+byUs, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"y"}}`)
	got = append(got, status)
	clock = clock.Add(time.Minute)
	got = append(got, available())
	status, _ = b.ask("GET", "/api/v1/namespaces/n", "")
	got = append(got, status)
	status, _ = b.ask("GET", "/api/v1/namespaces/n/configmaps/x", "")
	got = append(got, status)
	want := []any{nil, "Terminating", http.StatusForbidden, 1.0, http.StatusNotFound, http.StatusNotFound}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pods come up and a namespace empties (-want +got):\n%s", diff)
	}
}
