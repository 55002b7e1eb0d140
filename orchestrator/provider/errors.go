package provider

import (
	"errors"
	"time"
)

// Fatal marks err as hopeless: the step fails now instead of using up its
// retries.
func Fatal(err error) error { return &fatalError{err} }

type fatalError struct{ err error }

func (e *fatalError) Error() string { return e.err.Error() }
func (e *fatalError) Unwrap() error { return e.err }

// IsFatal reports whether err, or a cause of it, was made by Fatal.
func IsFatal(err error) bool {
	_, ok := errors.AsType[*fatalError](err)
	return ok
}

// RetryAfter marks err as worth another try after d instead of the operation's
// own interval. It counts against the retries.
func RetryAfter(err error, d time.Duration) error { return &retryError{err, d} }

type retryError struct {
	err   error
	after time.Duration
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

// RetryDelay returns the delay that RetryAfter gave.
func RetryDelay(err error) (time.Duration, bool) {
	if e, ok := errors.AsType[*retryError](err); ok {
		return e.after, true
	}
	return 0, false
}

// Rescheduled marks err as "try again" that a script asked for by
// ctx.operation.retry: the attempt ends rescheduled, not failed.
func Rescheduled(err error, d time.Duration) error {
	return &rescheduledError{retryError{err, d}}
}

type rescheduledError struct{ retryError }

func (e *rescheduledError) Unwrap() error { return &e.retryError }

// IsRescheduled reports whether err was made by Rescheduled.
func IsRescheduled(err error) bool {
	_, ok := errors.AsType[*rescheduledError](err)
	return ok
}
