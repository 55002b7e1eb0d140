package rehearsal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Kinds of faults in a plan (SLIPWAY_REHEARSAL_FAULTS).
const (
	FaultThrottle = "throttle" // refused, surely not executed
	FaultError    = "error"    // a server error before any effect
	FaultSlow     = "slow"     // answers late
	FaultCapacity = "capacity" // the cloud has no room: hopeless now
	FaultLost     = "lost"     // the effect happens, the answer is lost
	FaultLate     = "late"     // the effect becomes visible to reads only later
)

var faultKinds = []string{FaultThrottle, FaultError, FaultSlow, FaultCapacity, FaultLost, FaultLate}

// Durations of faults, in real-cloud time.
const (
	SlowAnswer = 20 * time.Second // how long a slow answer takes
	LateEffect = 20 * time.Second // when a late effect becomes visible
)

// Fault makes the next Times calls that match fail in its way. Cloud and Call
// match exactly, or everything when "*" or empty.
type Fault struct {
	Cloud string `json:"cloud"`
	Call  string `json:"call"`
	Kind  string `json:"kind"`
	Times int    `json:"times"`
}

func (f Fault) matches(cloud, call string) bool {
	return matchesWord(f.Cloud, cloud) && matchesWord(f.Call, call)
}

func matchesWord(pattern, word string) bool {
	return pattern == "" || pattern == "*" || pattern == word
}

// ParseFaults reads a fault plan: a JSON list of faults. Times defaults to 1.
func ParseFaults(text []byte) ([]Fault, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var faults []Fault
	if err := decoder.Decode(&faults); err != nil {
		return nil, orchestrator.Errorf(orchestrator.Invalid,
			`the fault plan is not a JSON list like [{"cloud": "aws", "call": "ec2.CreateVpc", "kind": "lost", "times": 1}]`).Wrap(err)
	}
	for i := range faults {
		if !slices.Contains(faultKinds, faults[i].Kind) {
			return nil, orchestrator.Errorf(orchestrator.Invalid,
				"fault %d has the kind %q; the kinds are %v", i+1, faults[i].Kind, faultKinds)
		}
		if faults[i].Times <= 0 {
			faults[i].Times = 1
		}
	}
	return faults, nil
}

// Fault uses up one occurrence of the first fault that matches the call and is
// not used up, and returns its kind; "" when the call goes well.
func (w *World) Fault(ctx context.Context, tx Tx, cloud, call string) (kind string, err error) {
	for i, fault := range w.faults {
		if !fault.matches(cloud, call) {
			continue
		}
		// The key keeps the fault's place, so that two equal lines count apart.
		key := fmt.Sprintf("%d %s %s %s", i, fault.Cloud, fault.Call, fault.Kind)
		taken, err := tx.TakeFault(key, fault.Times)
		if err != nil {
			return "", fmt.Errorf("take fault: %w", err)
		}
		if taken {
			return fault.Kind, ctx.Err()
		}
	}
	return "", nil
}

// FaultedError is what Serve returns for a call that a fault hit. The leaf turns
// it into its far end's own shape; for FaultLost that is a broken connection.
type FaultedError struct{ Kind string }

func (e *FaultedError) Error() string { return "rehearsed fault: " + e.Kind }
