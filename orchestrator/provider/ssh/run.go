package ssh

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/ctxproxy"
)

const (
	// unreachableFor is how long a run that has begun is looked for before the
	// attempt is given up; the next attempt looks for it again.
	unreachableFor = 5 * time.Minute
	firstPause     = 500 * time.Millisecond
	longestPause   = 10 * time.Second
)

// run is one call being carried out.
type run struct {
	machines *pool
	call     *provider.Call
	job      *job
	key      string
	want     asked
	// stdout and stderr survive a broken connection: their offsets say where
	// to go on. They belong to the attempt followed.
	stdout, stderr *stream
	following      int // the attempt whose output is being followed; -1: none
	// met is the host key of the first connection of this call.
	met ssh.PublicKey
}

func newRun(machines *pool, call *provider.Call, j *job) *run {
	r := &run{
		machines: machines, call: call, job: j, following: -1,
		key:  runKey(call.Execution.ID, call.StepID),
		want: asked{attempt: call.Attempt, resumed: call.Resumed, resumable: j.resumable},
	}
	r.resetOutput()
	return r
}

func (r *run) resetOutput() {
	emit := func(name string) func(string) {
		if r.job.quiet[name] {
			return nil
		}
		return func(line string) { r.call.Log.Output(name, line) }
	}
	r.stdout, r.stderr = &stream{emit: emit("stdout")}, &stream{emit: emit("stderr")}
}

// untilEnd carries the call through broken connections: once a script may have
// begun, losing sight of it is no reason to fail, only to look for it.
func (r *run) untilEnd(ctx context.Context) (provider.Result, error) {
	var lostAt time.Time
	pause := firstPause
	for {
		before := r.stdout.offset() + r.stderr.offset()
		result, err := r.once(ctx)
		// A machine that this call never reached is for the engine to try again.
		if err == nil || !isLost(err) || !r.want.resumed || r.met == nil {
			return result, err
		}
		if lostAt.IsZero() || r.stdout.offset()+r.stderr.offset() > before {
			lostAt, pause = time.Now(), firstPause
		}
		if time.Since(lostAt) > unreachableFor {
			return provider.Result{}, fmt.Errorf("lost sight of the script: %w", readable(r.job, err))
		}
		r.call.Log.Log(provider.Warning, "the connection to "+r.job.target.address()+" was lost; the script goes on there, connecting again")
		if err := rest(ctx, pause); err != nil {
			return provider.Result{}, err
		}
		pause = min(2*pause, longestPause)
	}
}

func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// once goes through the call on one connection.
func (r *run) once(ctx context.Context) (provider.Result, error) {
	connection, release, err := r.connect(ctx)
	if err != nil {
		return provider.Result{}, err
	}
	defer release()
	seen, err := r.look(ctx, connection, true)
	if err != nil {
		return provider.Result{}, err
	}
	what := decide(seen, r.want)
	switch what.act {
	case actInterrupted:
		return provider.Result{}, provider.Fatal(interruptedError(r.job.target.host))
	case actFinish:
		return r.outcome(ctx, connection, seen, what.attempt, nil)
	}
	return r.serve(ctx, connection, seen, what)
}

// connect reaches the machine and holds it to its host key.
func (r *run) connect(ctx context.Context) (*connection, func(), error) {
	address := r.job.target.address()
	known := r.met
	if known == nil {
		var err error
		if known, err = knownKey(r.call, address); err != nil {
			return nil, nil, err
		}
	}
	c, release, err := r.machines.acquire(ctx, r.job.target, known)
	if err != nil {
		err = readable(r.job, err)
		if r.met != nil && !provider.IsFatal(err) {
			err = &lostError{err}
		}
		return nil, nil, err
	}
	if known == nil {
		if err := recordKey(ctx, r.call, address, c.hostKey); err != nil {
			release()
			return nil, nil, err
		}
	}
	r.met = c.hostKey
	return c, release, nil
}

func (r *run) look(ctx context.Context, c *connection, listen bool) (sighting, error) {
	text, err := ask(ctx, c, "look for earlier runs", look(r.job.base, r.key, listen))
	if err != nil {
		return sighting{}, err
	}
	return parseSighting(text)
}

// serve starts or meets the script, answers its ctx and follows it to its end.
func (r *run) serve(ctx context.Context, c *connection, seen sighting, what decision) (provider.Result, error) {
	address := ctxAddress{socket: seen.socket, token: seen.token}
	if what.act == actFollow {
		address.port = seen.port
	}
	if address.token == "" {
		address.token = rand.Text()
	}
	listener, err := listen(c, &address, what.act == actFollow)
	if err != nil {
		return provider.Result{}, err
	}
	session := r.session(c, seen, what, address.token)
	serving, stop := context.WithCancel(ctx)
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := session.Serve(serving, listener); err != nil {
			r.call.Log.Log(provider.Warning, "ctx no longer answers: "+err.Error())
		}
	}()
	defer func() { stop(); <-served }()

	if what.act == actStart {
		if err := r.start(ctx, c, seen, address); err != nil {
			return provider.Result{}, err
		}
	}
	r.want.resumed = true // from here on it may have begun
	if err := r.follow(ctx, c, seen, what.attempt); err != nil {
		return provider.Result{}, err
	}
	seen, err = r.look(ctx, c, false)
	if err != nil {
		return provider.Result{}, err
	}
	return r.outcome(ctx, c, seen, what.attempt, session)
}

// listen opens the far end of ctx: a socket that only the login user can reach,
// or a port on the machine's loopback where its sshd refuses sockets. A script
// that runs already knows its address (met), so there is no other way then: the
// sshd may still hold it for the connection that broke.
func listen(c *connection, address *ctxAddress, met bool) (net.Listener, error) {
	var refused error
	if address.port == "" {
		listener, err := c.client.ListenUnix(address.socket)
		if err == nil {
			return listener, nil
		}
		refused = err
	}
	if met && refused != nil {
		return nil, &lostError{fmt.Errorf("listen for ctx again: %w", refused)}
	}
	port, err := strconv.Atoi("0" + address.port)
	if err != nil {
		return nil, fmt.Errorf("the kept ctx port is not a number: %w", err)
	}
	listener, err := c.client.ListenTCP(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil && met {
		return nil, &lostError{fmt.Errorf("listen for ctx again: %w", err)}
	}
	if err != nil {
		return nil, fmt.Errorf("the machine's sshd forwards neither sockets nor ports, so that ctx cannot work; allow one of AllowStreamLocalForwarding and AllowTcpForwarding: %w", err)
	}
	if bound, ok := listener.Addr().(*net.TCPAddr); ok {
		address.port = strconv.Itoa(bound.Port)
	}
	return listener, nil
}

// session makes the ctx of the attempt, with what its script has said already.
func (r *run) session(c *connection, seen sighting, what decision, token string) *ctxproxy.Session {
	var heard *ctxproxy.Verdict
	if earlier := seen.run(what.attempt); earlier != nil && what.act != actStart {
		heard = earlier.verdict
	}
	return ctxproxy.New(r.call, ctxproxy.Options{
		Token: token,
		Heard: heard,
		Keep: func(ctx context.Context, verdict ctxproxy.Verdict) error {
			text, err := json.Marshal(verdict)
			if err != nil {
				return fmt.Errorf("write verdict: %w", err)
			}
			_, err = ask(ctx, c, "keep verdict", keep(seen.root, r.key, what.attempt, string(text)))
			return err
		},
	})
}

// start begins the attempt, inside the lease.
func (r *run) start(ctx context.Context, c *connection, seen sighting, address ctxAddress) error {
	fenced, done, err := r.call.Journal.Fence(ctx)
	if err != nil {
		return err
	}
	defer done()
	// The answer may be lost although the script has begun.
	r.want.resumed = true
	r.resetOutput()
	r.following = r.want.attempt
	_, err = ask(fenced, c, "start the script", start(r.job, seen, r.key, r.want.attempt, address))
	return err
}

// follow copies output until the script has ended.
func (r *run) follow(ctx context.Context, c *connection, seen sighting, attempt int) error {
	if r.following != attempt {
		r.resetOutput()
		r.following = attempt
		r.call.Log.Log(provider.Info, "the script is running already; following it, its output from the beginning")
	}
	program := follow(seen.root, r.key, attempt, r.stdout.offset(), r.stderr.offset())
	if err := execute(ctx, c, program, r.stdout, r.stderr); err != nil {
		return fmt.Errorf("follow the script: %w", err)
	}
	r.stdout.end()
	r.stderr.end()
	return nil
}

// outcome turns the end of an attempt into the operation's. session is nil for
// one that ended unseen; then its output is shown first.
func (r *run) outcome(ctx context.Context, c *connection, seen sighting, attempt int, session *ctxproxy.Session) (provider.Result, error) {
	ended := seen.run(attempt)
	if ended == nil || ended.code == nil {
		if r.job.resumable {
			return provider.Result{}, fmt.Errorf("the script was cut off on %s; it is declared resumable and will run again", r.job.target.host)
		}
		return provider.Result{}, provider.Fatal(interruptedError(r.job.target.host))
	}
	if session == nil {
		if err := r.follow(ctx, c, seen, attempt); err != nil {
			return provider.Result{}, err
		}
		session = r.session(c, seen, decision{actFinish, attempt}, "")
	}
	return session.Outcome(ctxproxy.Exit{Code: *ended.code, Complaint: r.stderr.tail(), Hopeless: r.job.hopeless})
}
