package rehearsal

import (
	"context"
	"errors"
	"fmt"
)

// Refusal is a far end's own "no": a check that failed. Leaves print it in
// their far end's shape (an AWS code, an ARM error, a Kubernetes Status).
type Refusal struct {
	Status  int    // the HTTP status that goes with it
	Code    string // the far end's word: "InvalidVpcID.NotFound"
	Message string
}

func (e *Refusal) Error() string {
	if e.Code == "" {
		return e.Message
	}
	return e.Code + ": " + e.Message
}

// Refuse makes a Refusal.
func Refuse(status int, code, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Served is one call while a leaf carries it out, inside its transaction. The
// leaf fills in what it learns: ID, Deployment, Effective.
type Served struct {
	Tx
	CallRecord
	// Late says that reads must not see the effect for LateEffect; calls whose
	// effect cannot be hidden ignore it.
	Late bool
}

// Serve carries out one call as one transaction: the fault plan is asked, handle
// makes its checks and changes, the call is recorded, and all of it is committed
// before Serve returns. It returns
//
//   - nil: done, the answer may go out;
//   - *Refusal from handle: its changes are undone, the refusal is recorded;
//   - *FaultedError: throttle, error and capacity had no effect, lost had one;
//   - any other error: the world itself broke, nothing happened.
func (w *World) Serve(ctx context.Context, cloud, call string, handle func(*Served) error) error {
	fault := ""
	var about CallRecord
	err := w.State.Update(ctx, func(tx Tx) error {
		served := &Served{Tx: tx, CallRecord: CallRecord{At: w.Now(), Cloud: cloud, Call: call}}
		var err error
		if fault, err = w.Fault(ctx, tx, cloud, call); err != nil {
			return err
		}
		if hasNoEffect(fault) {
			served.Error = "rehearsed fault: " + fault
			return tx.Record(served.CallRecord)
		}
		served.Late = fault == FaultLate
		err = handle(served)
		about = served.CallRecord
		if err != nil {
			return err
		}
		if fault == FaultLost {
			served.Error = "rehearsed fault: " + fault
		}
		return tx.Record(served.CallRecord)
	})
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		// A refusal undid the transaction, and with it the use of a fault: a
		// "lost" waits for a call that has an effect to lose the answer of.
		about.Effective, about.Error = false, refusal.Error()
		return w.recordRefusal(ctx, about, refusal)
	}
	if err != nil {
		return fmt.Errorf("rehearse %s %s: %w", cloud, call, err)
	}
	return w.answer(ctx, fault)
}

func hasNoEffect(fault string) bool {
	return fault == FaultThrottle || fault == FaultError || fault == FaultCapacity
}

func (w *World) recordRefusal(ctx context.Context, about CallRecord, refusal *Refusal) error {
	err := w.State.Update(ctx, func(tx Tx) error { return tx.Record(about) })
	if err != nil {
		return fmt.Errorf("record refused %s %s: %w", about.Cloud, about.Call, err)
	}
	return refusal
}

func (w *World) answer(ctx context.Context, fault string) error {
	switch fault {
	case "", FaultLate:
		return nil
	case FaultSlow:
		return w.Wait(ctx, SlowAnswer)
	default:
		return &FaultedError{Kind: fault}
	}
}
