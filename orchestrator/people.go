package orchestrator

import "time"

// Actor is who asks: a user, a token, a schedule or a parent execution.
type Actor struct {
	Kind ActorKind
	Name string // username, or what the token belongs to
	Team string // the team in whose name the request is made
	Role Role
	// From is the remote address, for the audit row; empty for the engine.
	From string
	// Execution and Epoch are set for a parent execution: control opens each
	// of its transactions with the fence.
	Execution string
	Epoch     int64
}

// ActorKind is the kind of an Actor.
type ActorKind string

// The kinds of actors.
const (
	ActorUser      ActorKind = "user"
	ActorToken     ActorKind = "token"
	ActorSystem    ActorKind = "system" // first start, schedules
	ActorExecution ActorKind = "execution"
)

// Role is what a user may do in a team. Each includes the ones before it.
type Role string

// The roles. Viewer sees names and states; User launches and ends what is
// theirs; Operator reads marked values and touches everything of the team;
// Admin also manages secrets, blueprints of others, people and the server.
const (
	Viewer   Role = "viewer"
	User     Role = "user"
	Operator Role = "operator"
	Admin    Role = "admin"
)

var roleRank = map[Role]int{Viewer: 1, User: 2, Operator: 3, Admin: 4}

// AtLeast reports whether the role includes other. An unknown role includes
// nothing, so a mistake denies.
func (r Role) AtLeast(other Role) bool {
	return roleRank[r] > 0 && roleRank[r] >= roleRank[other]
}

// DefaultTeam is the team that the first start makes.
const DefaultTeam = "default_tenant"

// Account is a local user. Sign-in by OIDC will make the same rows without a
// password.
type Account struct {
	Name         string
	PasswordHash string // argon2id, PHC string; empty: cannot sign in by password
	Role         Role
	Team         string
	CreatedAt    time.Time
}

// Session is a signed-in browser. Only the hash of its token is stored.
type Session struct {
	TokenHash string
	Account   string
	CreatedAt time.Time
	SeenAt    time.Time
	From      string
}

// Audit is one row of the hash-chained record of who did what.
type Audit struct {
	Seq    int64
	At     time.Time
	Actor  string // "user admin", "token …", "execution …"
	Team   string
	From   string
	Action string // "secret.update", "deployment.create", "capability.reveal", …
	Object string // what it was done to, by name
	Before string // JSON or empty; never a secret value
	After  string
	Hash   string // sha256 over the previous row's hash and this row
}
