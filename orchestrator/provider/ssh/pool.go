package ssh

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// DialFunc opens a connection to a machine.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

const (
	// runsPerConnection: a run has two sessions at most at a time (one that
	// follows, one for a short program), and a connection eight.
	runsPerConnection = 4
	// idleAfter is how long a connection without a run is kept for the next.
	idleAfter = 15 * time.Second
	// aliveEvery and aliveWithin find machines that went silent.
	aliveEvery  = 15 * time.Second
	aliveWithin = 30 * time.Second
)

// pool keeps connections by machine, user and credential.
type pool struct {
	dial DialFunc

	mu     sync.Mutex
	closed bool
	open   map[string][]*connection
	turns  map[string]*turn
}

func newPool(dial DialFunc) *pool {
	return &pool{dial: dial, open: map[string][]*connection{}, turns: map[string]*turn{}}
}

// turn is held by who connects to a machine; wanted counts those that hold it
// or wait for it.
type turn struct {
	held   chan struct{}
	wanted int
}

// connection is one SSH connection with the runs on it. Its fields below the
// line belong to the pool's lock.
type connection struct {
	key     string // of the pool
	client  *ssh.Client
	hostKey ssh.PublicKey
	gone    chan struct{} // closed when the connection has ended

	runs int
	idle *time.Timer
}

func (t target) poolKey() string {
	return fmt.Sprintf("%s %s %x", t.address(), t.user, sha256.Sum256([]byte(t.key+"\x00"+t.password)))
}

// acquire returns a connection with room for one more run, and what gives the
// room back. known is the host key that must be met, nil at a first meeting.
func (p *pool) acquire(ctx context.Context, t target, known ssh.PublicKey) (*connection, func(), error) {
	key := t.poolKey()
	// One at a time per machine: who waits may then share the new connection,
	// and an sshd drops connections when many knock at once.
	done, err := p.takeTurn(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	c := p.reuse(key)
	if c == nil {
		if c, err = p.connect(ctx, t, known); err != nil {
			return nil, nil, err
		}
		if err = p.add(c); err != nil {
			return nil, nil, err
		}
	}
	release := sync.OnceFunc(func() { p.release(c) })
	if err := compareKey(t.address(), known, c.hostKey); err != nil {
		release()
		return nil, nil, err
	}
	return c, release, nil
}

func (p *pool) takeTurn(ctx context.Context, key string) (done func(), err error) {
	p.mu.Lock()
	t := p.turns[key]
	if t == nil {
		t = &turn{held: make(chan struct{}, 1)}
		p.turns[key] = t
	}
	t.wanted++
	p.mu.Unlock()
	leave := func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if t.wanted--; t.wanted == 0 {
			delete(p.turns, key)
		}
	}
	select {
	case t.held <- struct{}{}:
		return func() { <-t.held; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}

// add takes in a new connection with its first run.
func (p *pool) add(c *connection) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = c.client.Close() // the provider is closing: nothing more to say
		return errors.New("the SSH provider is closed")
	}
	c.runs = 1
	p.open[c.key] = append(p.open[c.key], c)
	go p.watch(c)
	return nil
}

func (p *pool) reuse(key string) *connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open[key] {
		select {
		case <-c.gone:
			continue
		default:
		}
		if c.runs < runsPerConnection {
			c.runs++
			if c.idle != nil {
				c.idle.Stop()
			}
			return c
		}
	}
	return nil
}

func (p *pool) release(c *connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.runs--
	if c.runs == 0 {
		c.idle = time.AfterFunc(idleAfter, func() { p.closeIdle(c) })
	}
}

func (p *pool) closeIdle(c *connection) {
	p.mu.Lock()
	idle := c.runs == 0
	if idle {
		p.forget(c) // nobody may take it between here and its end
	}
	p.mu.Unlock()
	if idle {
		_ = c.client.Close() // watch sees its end
	}
}

// forget takes a connection out of the pool. The caller holds the lock.
func (p *pool) forget(c *connection) {
	left := slices.DeleteFunc(p.open[c.key], func(other *connection) bool { return other == c })
	if p.open[c.key] = left; len(left) == 0 {
		delete(p.open, c.key)
	}
}

// watch forgets a connection once it has ended, and ends one that is silent.
func (p *pool) watch(c *connection) {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		keepAlive(c.client, c.gone)
	}()
	_ = c.client.Wait() // why it ended is told to whoever had a session on it
	close(c.gone)
	<-stopped
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(c)
}

// keepAlive asks the far side every now and then and closes a client that no
// longer answers.
func keepAlive(client *ssh.Client, gone <-chan struct{}) {
	ticker := time.NewTicker(aliveEvery)
	defer ticker.Stop()
	for {
		select {
		case <-gone:
			return
		case <-ticker.C:
		}
		silent := time.AfterFunc(aliveWithin, func() { _ = client.Close() })
		_, _, err := client.SendRequest("keepalive@openssh.com", true, nil)
		silent.Stop()
		if err != nil {
			return
		}
	}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, list := range p.open {
		for _, c := range list {
			_ = c.client.Close() // detached scripts go on; that is the point
		}
	}
}

// connect opens and authenticates one connection.
func (p *pool) connect(ctx context.Context, t target, known ssh.PublicKey) (*connection, error) {
	auth, err := authMethods(t)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, t.connectTimeout)
	defer cancel()
	raw, err := p.dial(ctx, "tcp", t.address())
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", t.address(), err)
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	var met ssh.PublicKey
	inner, channels, requests, err := ssh.NewClientConn(raw, t.address(), &ssh.ClientConfig{
		User:              t.user,
		Auth:              auth,
		HostKeyAlgorithms: hostKeyAlgorithms(known),
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			met = key
			return compareKey(t.address(), known, key)
		},
	})
	if !stop() && err == nil {
		_ = inner.Close() // the time was up just as it opened
		err = ctx.Err()
	}
	if err != nil {
		_ = raw.Close() // it is of no use, and the reason is in err
		return nil, fmt.Errorf("log in to %s as %s: %w", t.address(), t.user, err)
	}
	return &connection{key: t.poolKey(), client: ssh.NewClient(inner, channels, requests), hostKey: met, gone: make(chan struct{})}, nil
}

func authMethods(t target) ([]ssh.AuthMethod, error) {
	if t.key == "" {
		return []ssh.AuthMethod{ssh.Password(t.password)}, nil
	}
	signer, err := ssh.ParsePrivateKey([]byte(t.key))
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		return nil, invalid("fabric_env", "the private key in fabric_env.key has a passphrase; give one without")
	}
	if err != nil {
		// The parser's own words could quote the key.
		return nil, invalid("fabric_env", "fabric_env.key is not a private key in PEM form (RSA, ECDSA or Ed25519)")
	}
	return []ssh.AuthMethod{ssh.PublicKeys(signer)}, nil
}
