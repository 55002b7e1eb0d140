package rehearsal

import (
	"sync"
	"time"
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

// Fault makes the next Times calls that match fail in its way. Cloud and Call
// match exactly, or everything when "*" or empty.
type Fault struct {
	Cloud string `json:"cloud"`
	Call  string `json:"call"`
	Kind  string `json:"kind"`
	Times int    `json:"times"`
}

// World is what the leaves of one server share. Two servers on one database
// share one world through its State.
type World struct {
	State State
	Speed Speed
	// Now tells the time; tests hand in their own.
	Now    func() time.Time
	Faults []Fault
	// Dial and other in-process far ends are found by address through Clusters
	// and Machines, which the leaves register when cmd builds them.
	mu sync.RWMutex
}
