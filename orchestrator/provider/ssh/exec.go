package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// lostError says that the connection broke: what the far side did is unknown.
type lostError struct{ err error }

func (e *lostError) Error() string { return "the connection was lost: " + e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

func isLost(err error) bool {
	_, ok := errors.AsType[*lostError](err)
	return ok
}

// execute feeds a program to sh on the far side and waits for its end. Programs
// go over standard input: arguments would show in the machine's process list.
func execute(ctx context.Context, c *connection, program string, stdout, stderr io.Writer) error {
	session, err := c.client.NewSession()
	if err != nil {
		return &lostError{fmt.Errorf("open session: %w", err)}
	}
	defer func() { _ = session.Close() }()
	session.Stdin, session.Stdout, session.Stderr = strings.NewReader(program), stdout, stderr
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err = session.Run("exec sh -s")
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		abandon(session, ended)
		return ctx.Err()
	}
	if _, exited := errors.AsType[*ssh.ExitError](err); err != nil && !exited {
		return &lostError{err}
	}
	return err
}

// abandonWithin is how long a far side may take to end a session.
const abandonWithin = 500 * time.Millisecond

// abandon ends the session's own program (a detached run is in a session of its
// own) and waits for it a little. One that does not end, ends with its
// connection, and with it the goroutine that waits for it.
func abandon(session *ssh.Session, ended <-chan struct{}) {
	_ = session.Signal(ssh.SIGTERM) // old servers know no signals
	_ = session.Close()
	timer := time.NewTimer(abandonWithin)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
}

// ask runs a short program and returns what it printed.
func ask(ctx context.Context, c *connection, what, program string) (string, error) {
	var stdout, stderr bytes.Buffer
	err := execute(ctx, c, program, &stdout, &stderr)
	if err != nil && stderr.Len() > 0 {
		return "", fmt.Errorf("%s: %w: %s", what, err, strings.TrimSpace(stderr.String()))
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return stdout.String(), nil
}
