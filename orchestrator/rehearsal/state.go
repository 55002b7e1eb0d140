package rehearsal

import (
	"context"
	"encoding/json"
	"time"
)

// Object is one thing in the world: a VPC, a storage account, a machine, a
// Kubernetes object, a file on a machine, or a piece of furniture.
type Object struct {
	Cloud string // aws, azure, kubernetes, machine
	Kind  string // "ec2.Vpc", "Microsoft.Network/virtualNetworks", "apps/v1/Deployment", "file"
	ID    string // unique within (Cloud, Kind)
	Name  string
	// Deployment and Instance are read from the ownership tags.
	Deployment string
	Instance   string
	// State is the far end's own word: pending, available, Succeeded, Running.
	State string
	// Scope is what the object lives in or is looked up by: a region, the id of
	// the parent, a cluster's server URL, a machine's id.
	Scope string
	// Listed says that `slipway rehearsal list` shows it; furniture, files and
	// terminated things are not listed.
	Listed bool
	// Body is the leaf's own document.
	Body      json.RawMessage
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Ownership tags that leaves read. This side imports no provider, so the keys,
// which are those of real clouds too, stand here again.
const (
	TagDeployment = "slipway:deployment"
	TagInstance   = "slipway:instance"
)

// CallRecord is one request that a far end received.
type CallRecord struct {
	At         time.Time
	Cloud      string
	Call       string // "ec2.CreateVpc", "PUT Microsoft.Network/virtualNetworks", "PATCH apps/v1/Deployment"
	ID         string // the resource it was about, when known
	Deployment string
	// Effective says that the request changed the world: a repeated create
	// that found its token used, or a delete of what was gone, did not.
	Effective bool
	Error     string // the error answered, if any
}

// State keeps the world. The embedded one is the rehearsal database
// (store/rehearsalstore); NewMemory serves tests. Every Update is one
// serializable transaction, committed when it returns nil.
type State interface {
	Update(ctx context.Context, change func(Tx) error) error
	View(ctx context.Context, read func(Tx) error) error
}

// Tx reads and writes objects inside one transaction. Getting what is absent
// answers ok = false, not an error; deleting what is absent is no error.
type Tx interface {
	Get(cloud, kind, id string) (object Object, ok bool, err error)
	// List returns the objects that match, ordered by (Cloud, Kind, ID); empty
	// fields of the query match everything.
	List(query Query) ([]Object, error)
	Put(object Object) error
	Delete(cloud, kind, id string) error
	Record(call CallRecord) error
	Calls(query CallQuery) ([]CallRecord, error)
	// Next returns 1, 2, … for each counter name, for ids and addresses.
	Next(counter string) (int64, error)
	// TakeFault uses up one occurrence of the fault and reports whether there
	// was one left: at most times occurrences of that key ever happen.
	TakeFault(key string, times int) (bool, error)
}

// Query selects objects.
type Query struct {
	Cloud, Kind, Scope, Name, Deployment string
	Listed                               bool // only those that are listed
}

// Match reports whether the query selects the object.
func (q Query) Match(o Object) bool {
	return fits(q.Cloud, o.Cloud) && fits(q.Kind, o.Kind) && fits(q.Scope, o.Scope) &&
		fits(q.Name, o.Name) && fits(q.Deployment, o.Deployment) && (!q.Listed || o.Listed)
}

// CallQuery selects recorded calls, oldest first.
type CallQuery struct {
	Cloud, Deployment string
	Effective         bool // only effective ones
	Limit             int  // 0: all
}

// Match reports whether the query selects the call.
func (q CallQuery) Match(c CallRecord) bool {
	return fits(q.Cloud, c.Cloud) && fits(q.Deployment, c.Deployment) && (!q.Effective || c.Effective)
}

func fits(want, have string) bool { return want == "" || want == have }
