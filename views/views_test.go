package views

import (
	"bytes"
	"context"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/static"
)

var (
	update  = flag.Bool("update", false, "rewrite the golden files")
	preview = flag.String("preview", "", "serve the example pages on this address until interrupted")
)

var digest = regexp.MustCompile(`(/static/[a-z.-]+)\.[0-9a-f]{10}\.`)

func render(t *testing.T, name string) string {
	t.Helper()
	var out bytes.Buffer
	if err := examples()[name].Render(context.Background(), &out); err != nil {
		t.Fatalf("render %s: %v", name, err)
	}
	return out.String()
}

func TestPages(t *testing.T) {
	for name := range examples() {
		t.Run(name, func(t *testing.T) {
			// Break between tags, so that a difference is a line.
			got := strings.ReplaceAll(digest.ReplaceAllString(render(t, name), "$1.DIGEST."), "><", ">\n<") + "\n"
			path := filepath.Join("testdata", name+".html")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("page differs from its golden file (-want +got):\n%s", diff)
			}
		})
	}
}

// The content security policy forbids inline script and style; a page that has
// one would work in a test and break in a browser.
func TestPagesHoldNoInlineCode(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)<style|<script(?:\s[^>]*)?>[^<]|\sstyle=|\son[a-z]+=|javascript:`)
	for name := range examples() {
		html := render(t, name)
		if at := forbidden.FindString(html); at != "" {
			t.Errorf("%s holds inline code: %q", name, at)
		}
		if strings.Contains(html, static.Prefix+"missing/") {
			t.Errorf("%s names an asset that is not there", name)
		}
	}
}

// Every form that changes something carries the token that proves it is ours.
func TestFormsCarryTheToken(t *testing.T) {
	form := regexp.MustCompile(`(?s)<form[^>]*method="post".*?</form>`)
	found := 0
	for name := range examples() {
		for _, text := range form.FindAllString(render(t, name), -1) {
			found++
			if !strings.Contains(text, `name="csrf" value="csrf-token"`) {
				t.Errorf("%s has a form without token:\n%s", name, text)
			}
		}
	}
	if found == 0 {
		t.Error("no form was found at all")
	}
}

// An id must be unique in a page: labels, anchors and live parts hang on it.
func TestIDsAreUnique(t *testing.T) {
	id := regexp.MustCompile(`\sid="([^"]*)"`)
	for name := range examples() {
		seen := map[string]bool{}
		for _, match := range id.FindAllStringSubmatch(render(t, name), -1) {
			if seen[match[1]] {
				t.Errorf("%s has id %q twice", name, match[1])
			}
			seen[match[1]] = true
		}
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		reason string
		t      time.Time
		want   string
	}{
		"Zero":   {"what has not happened has no time", time.Time{}, "never"},
		"Now":    {"seconds are noise at first", now.Add(-3 * time.Second), "just now"},
		"Ahead":  {"clocks differ a little between servers", now.Add(2 * time.Second), "just now"},
		"Minute": {"one unit is enough", now.Add(-90 * time.Second), "1 min ago"},
		"Days":   {"two units while they matter", now.Add(-(6*24 + 23) * time.Hour), "6 d 23 h ago"},
		"Week":   {"later the hours do not", now.Add(-(9*24 + 5) * time.Hour), "9 d ago"},
		"Future": {"schedules lie ahead", now.Add(3 * time.Hour), "in 3 h"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Ago(tc.t, now).Text; got != tc.want {
				t.Errorf("%s: Ago = %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

func TestTook(t *testing.T) {
	cases := map[string]struct {
		d    time.Duration
		want string
	}{
		"Tenths":  {8240 * time.Millisecond, "8.2 s"},
		"Seconds": {38 * time.Second, "38 s"},
		"Minutes": {171 * time.Second, "2 m 51 s"},
		"Padded":  {62 * time.Second, "1 m 02 s"},
		"Hours":   {2*time.Hour + 3*time.Minute, "2 h 03 m"},
		"Back":    {-time.Second, "0 s"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Took(tc.d); got != tc.want {
				t.Errorf("Took(%v) = %q, want %q", tc.d, got, tc.want)
			}
		})
	}
}

func TestEnvironmentMark(t *testing.T) {
	run := func(workflow string, status orchestrator.ExecutionStatus) *orchestrator.Execution {
		return &orchestrator.Execution{Workflow: workflow, Status: status}
	}
	cases := map[string]struct {
		reason       string
		installation orchestrator.InstallationStatus
		status       orchestrator.DeploymentStatus
		latest       *orchestrator.Execution
		want         Mark
	}{
		"Fresh":       {"created, never installed", orchestrator.Inactive, orchestrator.RequiresAttention, nil, Mark{"queued", "Not built"}},
		"Coming":      {"an install runs", orchestrator.Inactive, orchestrator.InProgress, run("install", orchestrator.Started), Mark{"running", "Coming up"}},
		"Up":          {"all started", orchestrator.Active, orchestrator.Good, run("install", orchestrator.Terminated), Mark{"ok", "Up"}},
		"Failed":      {"a failed install needs a person", orchestrator.Inactive, orchestrator.RequiresAttention, run("install", orchestrator.Failed), Mark{"attn", "Needs attention"}},
		"BelowFailed": {"all started here, but a component is not well", orchestrator.Active, orchestrator.RequiresAttention, run("install", orchestrator.Terminated), Mark{"attn", "Needs attention"}},
		"Going":       {"an uninstall runs", orchestrator.Active, orchestrator.InProgress, run("uninstall", orchestrator.Started), Mark{"deleting", "Coming down"}},
		"Gone":        {"after the uninstall", orchestrator.Inactive, orchestrator.RequiresAttention, run("uninstall", orchestrator.Terminated), Mark{"queued", "Not built"}},
		"Stopping":    {"a cancel was asked for", orchestrator.Inactive, orchestrator.InProgress, run("install", orchestrator.Cancelling), Mark{"cancelling", "Cancelling"}},
		"Queued":      {"waits for its turn", orchestrator.Inactive, orchestrator.InProgress, run("install", orchestrator.Queued), Mark{"queued", "Queued"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, EnvironmentMark(tc.installation, tc.status, tc.latest)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestWorstMark(t *testing.T) {
	ok, wait, fail := Mark{"ok", "Started"}, Mark{"queued", "Waiting"}, Mark{"fail", "Failed"}
	cases := map[string]struct {
		reason string
		in     []Mark
		want   string
	}{
		"None":    {"nothing below means nothing built", nil, "queued"},
		"AllUp":   {"all good is good", []Mark{ok, ok}, "ok"},
		"Waiting": {"all waiting waits", []Mark{wait, wait}, "queued"},
		"Between": {"some up, some waiting is under way", []Mark{ok, wait}, "running"},
		"Failed":  {"one failure is the parent's mark", []Mark{ok, fail, wait}, "fail"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := WorstMark(tc.in).Kind; got != tc.want {
				t.Errorf("%s: %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

func TestChunks(t *testing.T) {
	lines := make([]Line, 1201)
	for i := range lines {
		lines[i] = Line{Number: int64(i + 1), Time: "00:00:00.000", Text: "text"}
	}
	lines[1] = Line{Number: 2, Time: "00:00:00.000", Text: "two\nrows", Level: "error"}
	got := Chunks(lines)
	if len(got) != 3 || !got[0].Full || got[2].Full || got[1].First != 501 || got[2].Count != 201 {
		t.Fatalf("1,201 lines make %d chunks: %+v", len(got), got[len(got)-1])
	}
	for i, c := range got {
		var text strings.Builder
		for _, w := range c.Words {
			text.WriteString(w.Text)
		}
		rows := strings.Count(text.String(), "\n")
		if strings.Count(c.Numbers, "\n") != rows || strings.Count(c.Times, "\n") != rows {
			t.Errorf("chunk %d: the three columns differ in rows", i)
		}
	}
	want := []Words{{Text: "text\n", Number: 1}, {"error", "two\nrows\n", 2}}
	if diff := cmp.Diff(want, got[0].Words[:2]); diff != "" {
		t.Errorf("only the error has a span (-want +got):\n%s", diff)
	}
	if n := len(got[0].Words); n != 3 {
		t.Errorf("the plain lines around one error are two stretches, not %d", n-1)
	}
}

func TestLogLine(t *testing.T) {
	at := time.Date(2026, 11, 24, 14, 8, 58, 44e6, time.UTC)
	cases := map[string]struct {
		reason string
		event  orchestrator.Event
		want   Line
	}{
		"Log": {"a node's words", orchestrator.Event{Seq: 413, NodeID: "minikube", Operation: "cloudify.interfaces.lifecycle.start", Level: "warning", Message: "slow", At: at},
			Line{Number: 413, Time: "14:08:58.044", Level: "warning", Text: "minikube start: slow"}},
		"Workflow": {"the deployment speaks where there is no node", orchestrator.Event{Seq: 1, DeploymentID: "app", Type: orchestrator.EventWorkflowStarted, Message: "Starting 'install'", At: at},
			Line{Number: 1, Time: "14:08:58.044", Level: "", Text: "app: Starting 'install'"}},
		"Component": {"a component's node says whose it is", orchestrator.Event{Seq: 9, RootID: "r", ExecutionID: "x", DeploymentID: "app-compute", NodeID: "minikube", Message: "up", At: at},
			Line{Number: 9, Time: "14:08:58.044", Level: "", Text: "app-compute/minikube: up"}},
		"Cause": {"a cause that the message does not name follows it", orchestrator.Event{Seq: 2, NodeID: "vm", Type: orchestrator.EventTaskFailed, Message: "Task failed", Causes: []orchestrator.ErrorCause{{Message: "no capacity"}}, At: at},
			Line{Number: 2, Time: "14:08:58.044", Level: "error", Text: "vm: Task failed\n    caused by no capacity"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, LogLine(tc.event)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestPreview serves the examples for whoever works on the look:
// go test ./views -run TestPreview -preview 127.0.0.1:9090 -timeout 0
func TestPreview(t *testing.T) {
	if *preview == "" {
		t.Skip("asked for with -preview")
	}
	mux := http.NewServeMux()
	mux.Handle(static.Prefix, static.Handler())
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		page, ok := examples()[strings.Trim(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'")
		_ = page.Render(r.Context(), w)
	})
	t.Fatal(http.ListenAndServe(*preview, mux))
}
