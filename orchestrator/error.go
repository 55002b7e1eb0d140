package orchestrator

import (
	"errors"
	"fmt"
	"time"
)

// Code sorts errors by what the caller can do about them. web and web/api map
// a code to an HTTP status in one place each.
type Code string

// The codes. Anything that is not an *Error counts as Internal: operators see
// the chain, users a bland sentence.
const (
	Invalid      Code = "invalid"      // the request is wrong; mend it and ask again
	NotFound     Code = "not_found"    // no such thing, or none that the actor may see
	Conflict     Code = "conflict"     // the thing exists, is in use, or has changed meanwhile
	Forbidden    Code = "forbidden"    // the actor is known and may not
	Unauthorized Code = "unauthorized" // nobody knows who is asking
	Unavailable  Code = "unavailable"  // right request, wrong moment; ask again later
	TooLarge     Code = "too_large"    // over a limit; the message names it
	TooMany      Code = "too_many"     // more than one's share of requests; ask again later
	Internal     Code = "internal"     // ours to mend
)

// DatabaseAway is the reason of an Unavailable error whose request was never
// decided: the database could not be asked.
const DatabaseAway = "database_unavailable_error"

// Error is an error with a sentence fit for the person who asked.
type Error struct {
	Code Code
	// Reason is the finer word of the REST contract, for example
	// "dependent_exists_error"; empty where the code says enough.
	Reason string
	// Message says what happened and the way out. It never holds a secret.
	Message string
	// Field names the input, parameter or flag at fault, when there is one.
	Field string
	// Fields holds several faults of one form at once: field name to sentence.
	Fields map[string]string
	// RetryAfter is how long to wait before asking again; zero where that is
	// not known.
	RetryAfter time.Duration
	// Err is the cause, for operators only.
	Err error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an *Error of the code with a sentence for the person who asked.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap keeps the cause for operators; users never see its text.
func (e *Error) Wrap(err error) *Error { e.Err = err; return e }

// After says how long to wait before asking again.
func (e *Error) After(wait time.Duration) *Error { e.RetryAfter = wait; return e }

// Because gives the error the finer reason of the REST contract.
func (e *Error) Because(reason string) *Error { e.Reason = reason; return e }

// On names the field at fault.
func (e *Error) On(field string) *Error { e.Field = field; return e }

// ErrorCode returns the code of the first *Error in the chain, else Internal;
// the empty code for nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// ErrorMessage returns the sentence for the person who asked; of an internal
// error it says nothing of the inside.
func ErrorMessage(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Code != Internal {
		return e.Message
	}
	return "something went wrong on our side; the server's log has the details"
}
