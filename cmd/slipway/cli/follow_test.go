package cli

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// followed runs follow against a server whose answer to a look at the execution
// is look.
func followed(t *testing.T, ctx context.Context, look http.HandlerFunc) (execution, string, error) {
	t.Helper()
	server := httptest.NewServer(look)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	var notices strings.Builder
	c := &cli{out: io.Discard, errOut: &notices}
	x, err := c.follow(ctx, newClient(settings{url: address}), execution{ID: "x1"}, following{quiet: true})
	return x, notices.String(), err
}

func TestFollowInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	_, _, err := followed(t, ctx, func(w http.ResponseWriter, _ *http.Request) {
		interrupt() // Ctrl+C while the server is asked
		_, _ = io.WriteString(w, `{"id": "x1", "status": "started"}`)
	})
	const want = "stopped following; execution x1 goes on. Follow it again: slipway events list x1 --tail; cancel it: slipway executions cancel x1"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

// TestFollowRestart holds that a server may be away for a moment: it may be
// started again while the execution that it runs is followed.
func TestFollowRestart(t *testing.T) {
	asked := 0
	x, notices, err := followed(t, t.Context(), func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if asked == 2 || asked == 3 {
			panic(http.ErrAbortHandler) // the connection breaks without an answer
		}
		status := "started"
		if asked > 3 {
			status = "terminated"
		}
		_, _ = io.WriteString(w, `{"id": "x1", "status": "`+status+`"}`)
	})
	if err != nil || x.Status != "terminated" {
		t.Fatalf("got %+v, %v", x, err)
	}
	if got := strings.Count(notices, "The server does not answer"); got != 1 {
		t.Errorf("the absence was told %d times: %s", got, notices)
	}
}

// TestFollowBusy holds that a server which stops, or has too much to do, is
// asked again; what will not pass ends the following, and says that the
// execution goes on.
func TestFollowBusy(t *testing.T) {
	answers := []int{http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusOK}
	x, notices, err := followed(t, t.Context(), func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(answers[0])
		answers = answers[1:]
		_, _ = io.WriteString(w, `{"id": "x1", "status": "terminated", "message": "stopping"}`)
	})
	if err != nil || x.Status != "terminated" {
		t.Fatalf("got %+v, %v", x, err)
	}
	if strings.Count(notices, "does not answer") != 1 || !strings.Contains(notices, "503: stopping") {
		t.Errorf("the absence was told so: %s", notices)
	}
	_, _, err = followed(t, t.Context(), func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"message": "not yours"}`)
	})
	if err == nil || !strings.Contains(err.Error(), "403: not yours; execution x1 goes on all the same. Follow it again: slipway events list x1 --tail") {
		t.Errorf("got %v", err)
	}
}
