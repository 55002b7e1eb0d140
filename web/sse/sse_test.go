package sse

import (
	"context"
	"errors"
	"iter"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

func TestCursor(t *testing.T) {
	cases := map[string]struct {
		reason, text string
		want         Cursor
		ok           bool
	}{
		"OK":       {"what a stream's id says", "4f1c:413", Cursor{"4f1c", 413}, true},
		"Start":    {"nothing read yet", "4f1c:0", Cursor{"4f1c", 0}, true},
		"NoRoot":   {"a number alone does not name a sequence", ":413", Cursor{}, false},
		"NoNumber": {"a root alone is not a place", "4f1c:", Cursor{}, false},
		"Negative": {"numbers begin at 1", "4f1c:-1", Cursor{}, false},
		"Empty":    {"a fresh page sends none", "", Cursor{}, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := ParseCursor(tc.text)
			if got != tc.want || ok != tc.ok {
				t.Errorf("%s: %v %v, want %v %v", tc.reason, got, ok, tc.want, tc.ok)
			}
			if ok && got.String() != tc.text {
				t.Errorf("%s prints as %s", tc.text, got)
			}
		})
	}
}

func TestStreamFrames(t *testing.T) {
	w := httptest.NewRecorder()
	s, err := Open(w)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.Send("r:1", "log", "one\r\ntwo"), s.Beat(), s.Send("", "page", ""), s.Send("x\ny", "a\nb", "c\rd")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := ": open\n\nid: r:1\nevent: log\ndata: one\ndata: two\n\n: beat\n\nevent: page\ndata: \n\nid: x y\nevent: a b\ndata: cd\n\n"
	if diff := cmp.Diff(want, w.Body.String()); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
	if got := w.Header().Get("Content-Type"); got != "text/event-stream; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
}

// feed hands out what is put into its channel; follows counts its readers.
type feed struct {
	batches chan Batch
	mu      sync.Mutex
	follows int
	stopped chan struct{}
	err     error
}

func (f *feed) Last(context.Context, orchestrator.Actor, string) (int64, error) { return 7, f.err }

func (f *feed) Follow(ctx context.Context, _ orchestrator.Actor, _ string, after int64) iter.Seq2[Batch, error] {
	f.mu.Lock()
	f.follows++
	f.mu.Unlock()
	return func(yield func(Batch, error) bool) {
		defer close(f.stopped)
		if after != 7 {
			yield(Batch{}, errors.New("the hub does not begin at the newest event"))
			return
		}
		for {
			select {
			case b := <-f.batches:
				if !yield(b, nil) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func newFeed() *feed { return &feed{batches: make(chan Batch), stopped: make(chan struct{})} }

func event(seq int64) Batch { return Batch{Events: []orchestrator.Event{{Seq: seq}}} }

func TestHubReadsOnceForAll(t *testing.T) {
	f := newFeed()
	h := NewHub(f)
	defer h.Stop()
	one, two := h.Subscribe(orchestrator.Actor{}, "r"), h.Subscribe(orchestrator.Actor{}, "r")
	f.batches <- event(8)
	if got := (<-one.C).Events[0].Seq; got != 8 {
		t.Errorf("the first page got %d", got)
	}
	if got := (<-two.C).Events[0].Seq; got != 8 {
		t.Errorf("the second page got %d", got)
	}
	if f.follows != 1 {
		t.Errorf("two pages made %d readers", f.follows)
	}
	one.Close()
	one.Close()
	f.batches <- event(9)
	if got := (<-two.C).Events[0].Seq; got != 9 {
		t.Errorf("after the other left, the second page got %d", got)
	}
	two.Close()
	<-f.stopped // nobody watches: the reader ends
}

func TestHubEndsWithTheExecution(t *testing.T) {
	f := newFeed()
	h := NewHub(f)
	defer h.Stop()
	sub := h.Subscribe(orchestrator.Actor{}, "r")
	f.batches <- Batch{Ended: true}
	if b := <-sub.C; !b.Ended {
		t.Errorf("the last batch does not say so: %+v", b)
	}
	if _, open := <-sub.C; open {
		t.Error("the channel stays open after the end")
	}
}

func TestHubCutsTheSlow(t *testing.T) {
	f := newFeed()
	h := NewHub(f)
	defer h.Stop()
	slow, quick := h.Subscribe(orchestrator.Actor{}, "r"), h.Subscribe(orchestrator.Actor{}, "r")
	for i := range backlog + 1 {
		f.batches <- event(int64(8 + i))
		<-quick.C
	}
	n := 0
	for range slow.C { // ends because it was cut
		n++
	}
	if n != backlog {
		t.Errorf("the slow page got %d batches before it was cut, want %d", n, backlog)
	}
	f.batches <- event(1000)
	if got := (<-quick.C).Events[0].Seq; got != 1000 {
		t.Errorf("the quick page got %d after the slow one was cut", got)
	}
}

func TestHubTellsOfFailure(t *testing.T) {
	f := newFeed()
	f.err = errors.New("the database is gone")
	h := NewHub(f)
	defer h.Stop()
	if _, open := <-h.Subscribe(orchestrator.Actor{}, "r").C; open {
		t.Error("a page waits for a reader that never began")
	}
}

func TestHubStops(t *testing.T) {
	f := newFeed()
	h := NewHub(f)
	sub := h.Subscribe(orchestrator.Actor{}, "r")
	h.Stop()
	h.Stop()
	if _, open := <-sub.C; open {
		t.Error("a subscription outlives the hub")
	}
	if _, open := <-h.Subscribe(orchestrator.Actor{}, "r").C; open {
		t.Error("a stopped hub takes subscriptions")
	}
}
