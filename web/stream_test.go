package web

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/views"
	"github.com/slipwayhq/slipway/web/sse"
)

// frame is one event of a stream.
type frame struct{ id, event, data string }

// listen opens a stream and hands out its frames until the context ends.
func (b *browser) listen(ctx context.Context, path, last string) <-chan frame {
	b.site.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.site.http.URL+path, nil)
	must(b.site.t, err)
	r.Header.Set("Accept", "text/event-stream")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	response, err := b.client.Do(r) //nolint:bodyclose // closed by the goroutine that reads it
	must(b.site.t, err)
	if response.StatusCode != http.StatusOK {
		b.site.t.Fatalf("stream %s answers %d", path, response.StatusCode)
	}
	frames := make(chan frame, 1000)
	go func() {
		defer close(frames)
		defer func() { _ = response.Body.Close() }()
		var f frame
		scanner := bufio.NewScanner(response.Body)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			name, value, _ := strings.Cut(scanner.Text(), ": ")
			switch name {
			case "id":
				f.id = value
			case "event":
				f.event = value
			case "data":
				f.data = value
			case "":
				if f.event != "" {
					frames <- f
				}
				f = frame{}
			}
		}
	}()
	return frames
}

// numbers reads log lines from a stream until a frame of the named event.
func numbers(t *testing.T, frames <-chan frame, until string) (seen []int64, lastID string) {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case f, open := <-frames:
			if !open {
				t.Fatalf("the stream ended before %q; lines %v", until, seen)
			}
			if f.event == "log" {
				var lines []views.Line
				must(t, json.Unmarshal([]byte(f.data), &lines))
				for _, line := range lines {
					seen = append(seen, line.Number)
				}
				lastID = f.id
			}
			if f.event == until {
				return seen, lastID
			}
		case <-timeout:
			t.Fatalf("no %q within a minute; lines %v", until, seen)
		}
	}
}

// A connection lost in mid-install goes on where it was: no line is missing, none
// comes twice, and the number is in the stream's id.
func TestStreamResumes(t *testing.T) {
	s := newSite(t)
	b := s.as(orchestrator.Operator)
	s.planted(b, "rosegarden")
	page := b.get("/environments/rosegarden").body
	at := "/executions/" + between(between(page, `class="btn" href="/executions/`, `"`), "", "/cancel") + "/stream"

	first, hangUp := context.WithCancel(t.Context())
	before, cursor := numbers(t, b.listen(first, at, ""), "log")
	hangUp()
	if at, ok := sse.ParseCursor(cursor); !ok || at.Seq != before[len(before)-1] {
		t.Fatalf("the stream's id is %q after line %d", cursor, before[len(before)-1])
	}
	// While nobody listens, work goes on.
	close(s.gate)
	b.waitFor("/environments/rosegarden", "Started 3")
	after, _ := numbers(t, b.listen(t.Context(), at, cursor), "end")

	all := append(before, after...)
	for i, n := range all {
		if n != int64(i+1) {
			t.Fatalf("line %d is number %d: %v", i+1, n, all)
		}
	}
	if len(after) == 0 {
		t.Error("nothing came after the reconnect")
	}
	byQuery, _ := numbers(t, b.listen(t.Context(), at+"?last="+cursor, ""), "end")
	if len(byQuery) != len(after) {
		t.Errorf("the cursor in the query gives %d lines, in the header %d", len(byQuery), len(after))
	}
}

// Each line on an execution's page says which of its steps it belongs to, those of
// a component that began after the page was opened, too.
func TestExecutionStreamNamesSteps(t *testing.T) {
	s := newSite(t)
	b := s.as(orchestrator.Operator)
	s.planted(b, "rosegarden")
	page := b.get("/environments/rosegarden").body
	at := "/executions/" + between(between(page, `class="btn" href="/executions/`, `"`), "", "/cancel")
	frames := b.listen(t.Context(), at+"/stream", "")
	close(s.gate)
	groups := map[string]int{}
	for f := range frames {
		if f.event == "end" {
			break
		}
		if f.event != "log" {
			continue
		}
		var lines []views.Line
		must(t, json.Unmarshal([]byte(f.data), &lines))
		for _, line := range lines {
			groups[nodeOf(line.Group)]++
		}
	}
	if groups["workflow"] == 0 || groups["gate"] == 0 || groups[""] > 0 {
		t.Errorf("lines by step: %v", groups)
	}
}

// While an operation lasts and says nothing, times on the page still move.
func TestQuietStreamKeepsTime(t *testing.T) {
	s := newSite(t)
	s.server.quiet = 20 * time.Millisecond
	b := s.as(orchestrator.Operator)
	s.planted(b, "rosegarden")
	frames := b.listen(t.Context(), "/environments/rosegarden/stream", "")
	for pages := 0; pages < 3; {
		select {
		case f := <-frames:
			if f.event == "page" {
				pages++
			}
		case <-time.After(30 * time.Second):
			t.Fatal("an open page hears nothing while work goes on in silence")
		}
	}
	close(s.gate)
}

// An open page is told of what moves, of the end, and of a next execution.
func TestEnvironmentStream(t *testing.T) {
	s := newSite(t)
	b := s.as(orchestrator.Operator)
	s.planted(b, "rosegarden")
	frames := b.listen(t.Context(), "/environments/rosegarden/stream", "")
	if seen, _ := numbers(t, frames, "log"); len(seen) == 0 || seen[0] != 1 {
		t.Errorf("the stream begins with lines %v", seen)
	}
	close(s.gate)
	numbers(t, frames, "page")
	b.waitFor("/environments/rosegarden", "Started 3")
	b.post("/environments/rosegarden/uninstall", "confirm", "rosegarden")
	numbers(t, frames, "root")
}

// A narrowed log gets only its own lines, and its cursor still moves on.
func TestStreamFilters(t *testing.T) {
	s := newSite(t)
	b := s.as(orchestrator.Operator)
	s.planted(b, "rosegarden")
	instance := between(b.get("/environments/rosegarden").body, `?node=key`, `"`)
	frames := b.listen(t.Context(), "/environments/rosegarden/stream?node=key"+instance, "")
	close(s.gate)
	b.waitFor("/environments/rosegarden", "Started 3")
	narrowed, _ := numbers(t, frames, "page")
	all, _ := numbers(t, b.listen(t.Context(), "/environments/rosegarden/stream", ""), "page")
	if len(narrowed) == 0 || len(narrowed) >= len(all) {
		t.Errorf("narrowed to one node the stream has %d lines, of %d", len(narrowed), len(all))
	}
}

// A session that ends takes its streams with it.
func TestStreamNeedsItsSession(t *testing.T) {
	s := newSite(t)
	b := s.as(orchestrator.Viewer)
	if got := b.knock(http.MethodGet, "/stream/environments"); got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("a viewer's stream answers %d", got.status)
	}
	if got := s.nobody().knock(http.MethodGet, "/stream/environments"); got.status != http.StatusSeeOther {
		t.Errorf("nobody's stream answers %d", got.status)
	}
}
