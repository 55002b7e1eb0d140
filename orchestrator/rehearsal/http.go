package rehearsal

import (
	"encoding/json"
	"errors"
	"net/http"
)

// FaultWords are what a far end that speaks HTTP says in a fault.
type FaultWords struct {
	Throttle, Capacity *Refusal
	Internal           string // the code of an internal error
}

// Refusal returns the "no" that the leaf prints for an error: a refusal as it
// is, a fault in the far end's words, anything else as an internal error. For a
// lost answer it breaks the connection, by panicking with http.ErrAbortHandler.
func (f FaultWords) Refusal(err error) *Refusal {
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal
	}
	if fault, ok := errors.AsType[*FaultedError](err); ok {
		switch fault.Kind {
		case FaultLost:
			panic(http.ErrAbortHandler)
		case FaultThrottle:
			return f.Throttle
		case FaultCapacity:
			return f.Capacity
		}
	}
	return Refuse(http.StatusInternalServerError, f.Internal, "%v", err)
}

// WriteJSON writes an answer. One that throttles lets the client come back at
// once: how long it waits is not what is rehearsed.
func WriteJSON(w http.ResponseWriter, status int, body any) {
	content, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "0")
	}
	w.WriteHeader(status)
	_, _ = w.Write(content) // the client has gone: nothing to tell it
}
