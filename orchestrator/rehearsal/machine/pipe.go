package machine

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// newPipe returns the two ends of a connection inside this process. Unlike
// net.Pipe's its writes do not wait for a reader: both sides of SSH speak first.
func newPipe(client, server net.Addr) (net.Conn, net.Conn) {
	up, down := newQueue(), newQueue()
	return &pipeEnd{read: down, write: up, local: client, remote: server},
		&pipeEnd{read: up, write: down, local: server, remote: client}
}

type pipeEnd struct {
	read, write   *queue
	local, remote net.Addr
}

func (e *pipeEnd) Read(p []byte) (int, error)  { return e.read.Read(p) }
func (e *pipeEnd) Write(p []byte) (int, error) { return e.write.Write(p) }

// Close ends both directions, as a closed socket does.
func (e *pipeEnd) Close() error {
	e.read.close()
	e.write.close()
	return nil
}

func (e *pipeEnd) LocalAddr() net.Addr  { return e.local }
func (e *pipeEnd) RemoteAddr() net.Addr { return e.remote }

// SSH sets no deadlines on its connections.
func (e *pipeEnd) SetDeadline(time.Time) error      { return os.ErrNoDeadline }
func (e *pipeEnd) SetReadDeadline(time.Time) error  { return os.ErrNoDeadline }
func (e *pipeEnd) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

// queue is one direction. What was written before the close can still be read.
type queue struct {
	mu     sync.Mutex
	filled sync.Cond
	bytes  []byte
	closed bool
}

func newQueue() *queue {
	q := &queue{}
	q.filled.L = &q.mu
	return q
}

func (q *queue) Read(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.bytes) == 0 && !q.closed {
		q.filled.Wait()
	}
	if len(q.bytes) == 0 {
		return 0, io.EOF
	}
	n := copy(p, q.bytes)
	q.bytes = q.bytes[n:]
	return n, nil
}

func (q *queue) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0, io.ErrClosedPipe
	}
	q.bytes = append(q.bytes, p...)
	q.filled.Signal()
	return len(p), nil
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.filled.Broadcast()
}
