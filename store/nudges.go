package store

import (
	"context"
	"sync"
)

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
