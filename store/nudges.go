package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/slipwayhq/slipway/orchestrator"
)

// nudgeChannel is PostgreSQL's name for our nudges.
const nudgeChannel = "slipway_roots"

// relistenPause is how long a lost listening connection rests before the next
// try; whoever listens also polls, so a nudge lost meanwhile only comes late.
const relistenPause = time.Second

// nudges fans root execution ids out to whoever listens in this process.
type nudges struct {
	ctx          context.Context // ends with the store
	cancel       context.CancelFunc
	running      sync.WaitGroup // every goroutine started here
	fromDatabase sync.Once

	mu        sync.Mutex
	listeners map[*nudgeQueue]bool
}

func newNudges() *nudges {
	ctx, cancel := context.WithCancel(context.Background())
	return &nudges{ctx: ctx, cancel: cancel, listeners: map[*nudgeQueue]bool{}}
}

// start runs a goroutine that ends when ctx does, and reports whether it could:
// after stop nothing starts any more.
func (n *nudges) start(run func()) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		return false
	}
	n.running.Go(run)
	return true
}

// stop ends all goroutines and waits for them.
func (n *nudges) stop() {
	n.mu.Lock()
	n.cancel()
	n.mu.Unlock()
	n.running.Wait()
}

func (n *nudges) publish(root string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for queue := range n.listeners {
		queue.put(root)
	}
}

// listen returns a channel of ids until ctx or the store ends, then closes it.
func (n *nudges) listen(ctx context.Context) <-chan string {
	queue := &nudgeQueue{waiting: map[string]bool{}, filled: make(chan struct{}, 1)}
	out := make(chan string)
	n.enlist(queue, true)
	started := n.start(func() {
		defer close(out)
		defer n.enlist(queue, false)
		queue.pump(ctx, n.ctx, out)
	})
	if !started {
		n.enlist(queue, false)
		close(out)
	}
	return out
}

func (n *nudges) enlist(queue *nudgeQueue, listening bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if listening {
		n.listeners[queue] = true
	} else {
		delete(n.listeners, queue)
	}
}

// nudgeQueue holds ids that one listener has not yet taken, each once, in the
// order in which they first came.
type nudgeQueue struct {
	mu      sync.Mutex
	waiting map[string]bool
	order   []string
	filled  chan struct{} // holds one signal while there is something to take
}

func (q *nudgeQueue) put(root string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting[root] {
		return
	}
	q.waiting[root] = true
	q.order = append(q.order, root)
	select {
	case q.filled <- struct{}{}:
	default:
	}
}

func (q *nudgeQueue) take() (root string, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.order) == 0 {
		return "", false
	}
	root, q.order = q.order[0], q.order[1:]
	delete(q.waiting, root)
	return root, true
}

// pump hands ids to out until one of the contexts ends.
func (q *nudgeQueue) pump(ctx, storeCtx context.Context, out chan<- string) {
	for {
		root, ok := q.take()
		if !ok {
			select {
			case <-ctx.Done():
				return
			case <-storeCtx.Done():
				return
			case <-q.filled:
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-storeCtx.Done():
			return
		case out <- root:
		}
	}
}

// Listen returns the ids of root executions in whose trees something happened.
// A nudge says "read again" and no more: equal ones are merged while nobody
// takes them, and some may be lost, so the listener also polls. The channel is
// closed when ctx or the store ends.
func (s *Store) Listen(ctx context.Context) (<-chan string, error) {
	if s.Dialect() == Postgres {
		s.nudges.fromDatabase.Do(func() { s.nudges.start(s.relayNotifications) })
	}
	return s.nudges.listen(ctx), nil
}

// Notify announces, when the transaction commits, that something happened in
// the tree of a root execution.
func (t *Tx) Notify(rootID string) {
	if t.nudged == nil {
		t.nudged = map[string]bool{}
	}
	t.nudged[rootID] = true
}

// announceWithCommit hands the announcements to PostgreSQL, which delivers them
// with the commit to every server, this one included.
func (t *Tx) announceWithCommit(ctx context.Context) error {
	if t.store.Dialect() != Postgres {
		return nil
	}
	for _, root := range orchestrator.SortedKeys(t.nudged) {
		if _, err := t.exec(ctx, "notify listeners", "SELECT pg_notify($1, $2)", nudgeChannel, root); err != nil {
			return err
		}
	}
	return nil
}

// announceAfterCommit tells the listeners in this process, which on SQLite are
// all there are.
func (t *Tx) announceAfterCommit() {
	if t.store.Dialect() != SQLite {
		return
	}
	for root := range t.nudged {
		t.store.nudges.publish(root)
	}
}

// relayNotifications brings the nudges of all servers into this process, over
// one connection, until the store closes.
func (s *Store) relayNotifications() {
	ctx := s.nudges.ctx
	for ctx.Err() == nil {
		err := s.relayOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		s.logger.Warn("the connection that listens for news was lost; pages poll until it is back", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(relistenPause):
		}
	}
}

func (s *Store) relayOnce(ctx context.Context) error {
	taken, err := s.listener.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	// A connection that has said LISTEN is not given back to the pool.
	connection := taken.Hijack()
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = connection.Close(closing)
	}()
	if _, err := connection.Exec(ctx, "LISTEN "+pgx.Identifier{nudgeChannel}.Sanitize()); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	for {
		notification, err := connection.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("wait for news: %w", err)
		}
		s.nudges.publish(notification.Payload)
	}
}
