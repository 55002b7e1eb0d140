package sse

import (
	"context"
	"iter"
	"sync"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Batch is what a Feed yields: new events in order, or none when only states
// changed. Ended says that the root execution is over.
type Batch struct {
	Events []orchestrator.Event
	Ended  bool
}

// Feed reads the rows of a root execution after a number, as they come, until it
// ends or the context does. control.Follow is one, with a small wrapper.
type Feed interface {
	Follow(ctx context.Context, actor orchestrator.Actor, root string, after int64) iter.Seq2[Batch, error]
	// Last is the number of the newest event.
	Last(ctx context.Context, actor orchestrator.Actor, root string) (int64, error)
}

// Hub reads each root execution once, however many pages watch it.
type Hub struct {
	feed    Feed
	mu      sync.Mutex
	readers map[string]*reader
	closed  bool
	running sync.WaitGroup
}

// NewHub returns a hub without readers.
func NewHub(feed Feed) *Hub {
	return &Hub{feed: feed, readers: map[string]*reader{}}
}

// reader follows one root execution for its subscriptions.
type reader struct {
	cancel context.CancelFunc
	subs   map[*Subscription]bool
}

// backlog is how many batches a slow page may be behind before it is cut.
const backlog = 64

// Subscription hands out batches. Its channel is closed when the root execution
// ended, when reading failed, or when the page fell too far behind: the page
// then connects again and reads stored rows after its cursor.
type Subscription struct {
	C      <-chan Batch
	c      chan Batch
	hub    *Hub
	root   string
	closed bool // guarded by hub.mu
}

// Subscribe watches a root execution. Subscribe first, then read the stored
// rows, then drop what the channel repeats: so nothing is missed in between.
// The actor must have been found to be allowed to read the execution.
func (h *Hub) Subscribe(actor orchestrator.Actor, root string) *Subscription {
	c := make(chan Batch, backlog)
	sub := &Subscription{C: c, c: c, hub: h, root: root}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		sub.end()
		return sub
	}
	r, ok := h.readers[root]
	if !ok {
		ctx, cancel := context.WithCancel(context.Background())
		r = &reader{cancel: cancel, subs: map[*Subscription]bool{}}
		h.readers[root] = r
		h.running.Go(func() { h.read(ctx, r, actor, root) })
	}
	r.subs[sub] = true
	return sub
}

// Close gives the subscription up. It forgives being called twice.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	r, ok := s.hub.readers[s.root]
	if ok && r.subs[s] {
		delete(r.subs, s)
		if len(r.subs) == 0 {
			r.cancel()
			delete(s.hub.readers, s.root)
		}
	}
	s.end()
}

// end closes the channel once; the caller holds the hub's lock.
func (s *Subscription) end() {
	if !s.closed {
		s.closed = true
		close(s.c)
	}
}

// read follows the feed from its newest event on and hands each batch out.
func (h *Hub) read(ctx context.Context, r *reader, actor orchestrator.Actor, root string) {
	defer h.drop(r, root)
	after, err := h.feed.Last(ctx, actor, root)
	if err != nil {
		return // subscribers see their channel close and come back
	}
	for batch, err := range h.feed.Follow(ctx, actor, root, after) {
		if err != nil {
			return
		}
		h.publish(r, batch)
		if batch.Ended {
			return
		}
	}
}

func (h *Hub) publish(r *reader, batch Batch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for sub := range r.subs {
		select {
		case sub.c <- batch:
		default: // too slow: cut it, it resumes by cursor
			delete(r.subs, sub)
			sub.end()
		}
	}
}

// drop ends all subscriptions of a reader that is done.
func (h *Hub) drop(r *reader, root string) {
	r.cancel()
	h.mu.Lock()
	defer h.mu.Unlock()
	for sub := range r.subs {
		sub.end()
	}
	clear(r.subs)
	if h.readers[root] == r {
		delete(h.readers, root)
	}
}

// Stop ends all readers and waits for them. It forgives being called twice.
func (h *Hub) Stop() {
	h.mu.Lock()
	h.closed = true
	for _, r := range h.readers {
		r.cancel()
	}
	h.mu.Unlock()
	h.running.Wait()
}
