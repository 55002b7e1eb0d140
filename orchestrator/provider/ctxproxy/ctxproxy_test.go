package ctxproxy

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

type values = map[string]orchestrator.Value

// recorder is a journal and a log that remember.
type recorder struct {
	set   []values
	setOn []string
	lines []string
	fail  error
}

func (r *recorder) Set(_ context.Context, set values) error {
	if r.fail != nil {
		return r.fail
	}
	r.set = append(r.set, set)
	return nil
}

func (r *recorder) SetOn(_ context.Context, id string, set values, _ []string) error {
	r.setOn = append(r.setOn, id)
	return r.Set(context.Background(), set)
}

func (r *recorder) Fence(ctx context.Context) (context.Context, context.CancelFunc, error) {
	return ctx, func() {}, nil
}

func (r *recorder) Log(level, message string)  { r.lines = append(r.lines, level+": "+message) }
func (r *recorder) Output(stream, line string) { r.lines = append(r.lines, stream+"> "+line) }

func newCall(r *recorder) *provider.Call {
	return &provider.Call{
		Deployment: provider.Deployment{ID: "app_dev", BlueprintID: "app", Inputs: values{"node-count": int64(3)}},
		Execution:  provider.Execution{ID: "e-1", Workflow: "install"},
		Operation:  "cloudify.interfaces.lifecycle.create",
		Self: &provider.Instance{
			ID: "db_abc123", NodeID: "db", Type: "cloudify.nodes.Root",
			Properties: values{"port": int64(5432), "master-name": "pg", "empty": values{}, "list": []orchestrator.Value{values{"a": "b"}}},
			Runtime:    values{"password": orchestrator.Mark("hunter2 is long"), "tree": orchestrator.Mark(values{"leaf": "x"})},
		},
		Files: fstest.MapFS{
			"conf/db.conf": {Data: []byte("port={{ ctx.node.properties.port }} id={{ctx.instance.id}}\n")},
			"conf/bad":     {Data: []byte("{{ ctx.node.properties.nope }}")},
		},
		Journal: r, Log: r,
	}
}

func TestVerbs(t *testing.T) {
	tests := map[string]struct {
		reason  string
		args    []orchestrator.Value
		want    orchestrator.Value
		wantErr string
	}{
		"NodeProperty":        {"the commonest read", []orchestrator.Value{"node", "properties", "port"}, int64(5432), ""},
		"DashesInNamesStay":   {"names of properties are the author's", []orchestrator.Value{"node", "properties", "master-name"}, "pg", ""},
		"DashesInVerbs":       {"verbs are written either way", []orchestrator.Value{"instance", "runtime-properties", "password"}, "hunter2 is long", ""},
		"Path":                {"lists and maps by path", []orchestrator.Value{"node", "properties", "list[0].a"}, "b", ""},
		"InsideAMark":         {"a mark does not hide from the script that it is meant for", []orchestrator.Value{"instance", "runtime_properties", "tree.leaf"}, "x", ""},
		"InstanceID":          {"", []orchestrator.Value{"instance", "id"}, "db_abc123", ""},
		"DeploymentID":        {"", []orchestrator.Value{"deployment", "id"}, "app_dev", ""},
		"DashesInInputs":      {"", []orchestrator.Value{"deployment", "inputs", "node-count"}, int64(3), ""},
		"TooManyWords":        {"a value that was not quoted", []orchestrator.Value{"instance", "runtime-properties", "motto", "two", "words"}, nil, "too many words; quote a value that holds spaces"},
		"RetryForEver":        {"", []orchestrator.Value{"retry-operation", "later", "inf"}, nil, `"inf" is not a number of seconds up to a day`},
		"RetryNotANumber":     {"", []orchestrator.Value{"retry-operation", "later", "nan"}, nil, `"nan" is not a number of seconds up to a day`},
		"ExecutionID":         {"", []orchestrator.Value{"execution-id"}, "e-1", ""},
		"MissingPath":         {"a typo must not read as empty", []orchestrator.Value{"node", "properties", "prot"}, nil, `there is no "prot"`},
		"PropertiesReadOnly":  {"", []orchestrator.Value{"node", "properties", "port", "1"}, nil, "properties cannot be set by a script"},
		"UnknownVerb":         {"", []orchestrator.Value{"frobnicate"}, nil, `ctx knows no "frobnicate"`},
		"SourceOutsideOfPair": {"", []orchestrator.Value{"source", "instance", "id"}, nil, "only a relationship operation has a source"},
		"Rendered": {"", []orchestrator.Value{"download-resource-and-render", "conf/db.conf", "/etc/db.conf"},
			Resource{Name: "db.conf", Destination: "/etc/db.conf", Content: base64.StdEncoding.EncodeToString([]byte("port=5432 id=db_abc123\n"))}, ""},
		"RenderUnknownValue": {"a half-rendered file is worse than none", []orchestrator.Value{"download-resource-and-render", "conf/bad"}, nil, `render conf/bad: {{ ctx.node.properties.nope }}: there is no "ctx.node.properties.nope"`},
		"NoSuchFile":         {"", []orchestrator.Value{"download-resource", "nope"}, nil, `the blueprint has no file "nope"`},
		"EscapingFile":       {"a blueprint's files are all that a script may have", []orchestrator.Value{"download-resource", "../../etc/passwd"}, nil, `the blueprint has no file "../../etc/passwd"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := New(newCall(&recorder{}), Options{Token: "t"}).do(t.Context(), tt.args)
			if message(err) != tt.wantErr {
				t.Fatalf("%s: error %q, want %q", tt.reason, message(err), tt.wantErr)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s: %s", tt.reason, diff)
			}
		})
	}
}

func TestSetRuntimeProperty(t *testing.T) {
	tests := map[string]struct {
		reason string
		path   string
		value  orchestrator.Value
		want   values // revealed, as journaled
	}{
		"Plain":         {"", "host", "10.0.0.1", values{"host": "10.0.0.1"}},
		"MakesMaps":     {"intermediate maps are made", "a.b.c", int64(1), values{"a": values{"b": values{"c": int64(1)}}}},
		"GrowsLists":    {"", "list[0]", "x", values{"list": []orchestrator.Value{"x"}}},
		"InsideAMark":   {"siblings stay", "tree.other", "y", values{"tree": values{"leaf": "x", "other": "y"}}},
		"DotInName":     {"a backslash keeps a dot", `a\.b`, "z", values{"a.b": "z"}},
		"WholeDocument": {"", "kubeconf", values{"kind": "Config"}, values{"kubeconf": values{"kind": "Config"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := &recorder{}
			session := New(newCall(r), Options{Token: "t"})
			if _, err := session.do(t.Context(), []orchestrator.Value{"instance", "runtime-properties", tt.path, tt.value}); err != nil {
				t.Fatalf("%s: %v", tt.reason, err)
			}
			if diff := cmp.Diff([]values{tt.want}, reveal(r.set)); diff != "" {
				t.Errorf("%s: journaled: %s", tt.reason, diff)
			}
			got, err := session.do(t.Context(), []orchestrator.Value{"instance", "runtime-properties", tt.path})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.value, got); diff != "" {
				t.Errorf("%s: read back: %s", tt.reason, diff)
			}
			if name == "InsideAMark" && !orchestrator.IsSensitive(r.set[0]["tree"]) {
				t.Error("writing into a marked value took its mark off")
			}
		})
	}
}

func TestWhatIsNotDurableIsNotVisible(t *testing.T) {
	r := &recorder{fail: errors.New("lease lost")}
	session := New(newCall(r), Options{Token: "t"})
	if _, err := session.do(t.Context(), []orchestrator.Value{"instance", "runtime-properties", "host", "x"}); err == nil {
		t.Fatal("a write that was not journaled was answered as done")
	}
	if _, err := session.do(t.Context(), []orchestrator.Value{"instance", "runtime-properties", "host"}); err == nil {
		t.Error("a write that was not journaled can be read")
	}
}

func TestRelationshipWritesBothEnds(t *testing.T) {
	r := &recorder{}
	call := newCall(r)
	call.Source, call.Self = call.Self, nil
	call.Target = &provider.Instance{ID: "vm_xyz789", NodeID: "vm"}
	session := New(call, Options{Token: "t"})
	for _, side := range []string{"source", "target"} {
		if _, err := session.do(t.Context(), []orchestrator.Value{side, "instance", "runtime-properties", "seen", "yes"}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"db_abc123", "vm_xyz789"}, r.setOn); diff != "" {
		t.Error(diff)
	}
}

func TestRelationshipRendersBothEnds(t *testing.T) {
	call := newCall(&recorder{})
	call.Source, call.Self = call.Self, nil
	call.Target = &provider.Instance{ID: "vm_xyz789", NodeID: "vm", Runtime: values{"ip": "10.0.0.5"}}
	got, err := New(call, Options{Token: "t"}).render("{{ ctx.source.node.properties.port }} at {{ ctx.target.instance.runtime_properties.ip }}")
	if err != nil || got != "5432 at 10.0.0.5" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestOutcome(t *testing.T) {
	tests := map[string]struct {
		reason  string
		calls   [][]orchestrator.Value
		exit    Exit
		want    orchestrator.Value
		wantErr string
		fatal   bool
		again   bool
		after   time.Duration
	}{
		"Success":       {reason: "exit code 0 is success"},
		"Returned":      {reason: "the value of returns is the operation's", calls: [][]orchestrator.Value{{"returns", int64(7)}}, want: int64(7)},
		"Failed":        {reason: "plain failures are retried by policy", exit: Exit{Code: 3, Complaint: "no space"}, wantErr: "the script ended with exit code 3: no space"},
		"Hopeless":      {reason: "listed exit codes are not retried", exit: Exit{Code: 4, Hopeless: []int{4}}, wantErr: "the script ended with exit code 4", fatal: true},
		"Aborted":       {reason: "abort wins over the exit code it causes", calls: [][]orchestrator.Value{{"abort-operation", "wrong disk"}}, exit: Exit{Code: 1}, wantErr: "the script aborted the operation: wrong disk", fatal: true},
		"Retry":         {reason: "a script may ask for another attempt", calls: [][]orchestrator.Value{{"retry-operation", "not yet", "30"}}, wantErr: "the script asked for a retry: not yet", again: true, after: 30 * time.Second},
		"RetryUntimed":  {reason: "without a delay the policy decides", calls: [][]orchestrator.Value{{"operation", "retry", "not yet"}}, wantErr: "the script asked for a retry: not yet", again: true},
		"TwoDifferent":  {reason: "two verdicts contradict each other", calls: [][]orchestrator.Value{{"returns", "a"}, {"abort-operation", "b"}}, wantErr: "the script called abort after returns; an operation ends in one way only", fatal: true},
		"ReturnsFailed": {reason: "a value does not turn a failure into success", calls: [][]orchestrator.Value{{"returns", "a"}}, exit: Exit{Code: 1}, wantErr: "the script ended with exit code 1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			session := New(newCall(&recorder{}), Options{Token: "t"})
			for _, args := range tt.calls {
				_, _ = session.do(t.Context(), args) // its own error is the client's
			}
			result, err := session.Outcome(tt.exit)
			if message(err) != tt.wantErr || provider.IsFatal(err) != tt.fatal || provider.IsRescheduled(err) != tt.again {
				t.Errorf("%s: got %v (fatal %v, again %v)", tt.reason, err, provider.IsFatal(err), provider.IsRescheduled(err))
			}
			if after, _ := provider.RetryDelay(err); after != tt.after {
				t.Errorf("%s: after %v, want %v", tt.reason, after, tt.after)
			}
			if diff := cmp.Diff(tt.want, result.Value); diff != "" {
				t.Errorf("%s: %s", tt.reason, diff)
			}
		})
	}
}

func TestVerdictIsKeptBeforeItIsAnswered(t *testing.T) {
	var kept []Verdict
	session := New(newCall(&recorder{}), Options{Token: "t", Keep: func(_ context.Context, v Verdict) error {
		kept = append(kept, v)
		return nil
	}})
	if _, err := session.do(t.Context(), []orchestrator.Value{"returns", "a"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Verdict{{Kind: Returns, Value: "a"}}, kept); diff != "" {
		t.Fatal(diff)
	}
	later := New(newCall(&recorder{}), Options{Token: "t", Heard: &kept[0]})
	result, err := later.Outcome(Exit{})
	if err != nil || result.Value != "a" {
		t.Errorf("a later process answers %v, %v; want a", result.Value, err)
	}
}

func TestHTTP(t *testing.T) {
	tests := map[string]struct {
		reason      string
		token       string
		contentType string
		body        string
		wantStatus  int
		wantBody    string
	}{
		"JSON":         {"the protocol of existing clients", "t", "application/json", `{"args": ["node", "properties", "port"]}`, 200, `{"payload":5432,"type":"result"}`},
		"JSONError":    {"", "t", "application/json", `{"args": ["node", "properties", "x"]}`, 200, `{"payload":{"type":"RuntimeError","message":"there is no \"x\""},"type":"error"}`},
		"JSONStop":     {"", "t", "application/json", `{"args": ["abort-operation", "enough"]}`, 200, `{"payload":{"type":"StopAgent","message":"enough"},"type":"stop_operation"}`},
		"Text":         {"a shell prints it as it comes", "t", "text/plain", lines("node", "properties", "port"), 200, "5432"},
		"TextEmpty":    {"what is empty prints nothing", "t", "text/plain", lines("node", "properties", "empty"), 200, ""},
		"TextMap":      {"", "t", "text/plain", lines("node", "properties", "list"), 200, `[{"a":"b"}]`},
		"TextStop":     {"", "t", "text/plain", lines("retry-operation", "later"), 409, "later\n"},
		"TextError":    {"", "t", "text/plain", lines("nope"), 422, "ctx knows no \"nope\"\n"},
		"TextFile":     {"a file comes as it is", "t", "text/plain", lines("download-resource", "conf/bad"), 200, "{{ ctx.node.properties.nope }}"},
		"TextJSONArg":  {"@ introduces JSON", "t", "text/plain", lines("instance", "runtime-properties", "k", `@{"a": 1}`), 200, ""},
		"WrongToken":   {"another operation's script must not get in", "u", "application/json", `{"args": ["instance", "id"]}`, 401, "the token is missing or belongs to another operation\n"},
		"NotJSON":      {"", "t", "application/json", `args`, 400, "the request is not JSON\n"},
		"NoArguments":  {"", "t", "application/json", `{}`, 400, "the request lacks its list of \"args\"\n"},
		"TextNoBase64": {"", "t", "text/plain", "***", 400, "an argument is not base64\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(New(newCall(&recorder{}), Options{Token: "t"}))
			defer server.Close()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer "+tt.token)
			request.Header.Set("Content-Type", tt.contentType)
			response, err := server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.wantBody, string(body)); diff != "" || response.StatusCode != tt.wantStatus {
				t.Errorf("%s: status %d, want %d; %s", tt.reason, response.StatusCode, tt.wantStatus, diff)
			}
		})
	}
}

func lines(args ...string) string {
	var out strings.Builder
	for _, arg := range args {
		out.WriteString(base64.StdEncoding.EncodeToString([]byte(arg)) + "\n")
	}
	return out.String()
}

func reveal(list []values) []values {
	var out []values
	for _, item := range list {
		document, _ := json.Marshal(orchestrator.Reveal(item))
		value, _ := orchestrator.DecodeValue(document)
		out = append(out, value.(values))
	}
	return out
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
