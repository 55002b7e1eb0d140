package control

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/database"
)

// Archives keeps blueprint archives by name: the digest of the content, a dot,
// and what tells archives of the same content apart.
type Archives interface {
	Put(ctx context.Context, name string, content io.Reader) error
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// Delete removes an archive; gone already is fine.
	Delete(ctx context.Context, name string) error
}

// Catalogue is what ships with the server.
type Catalogue interface {
	// Types returns a bundled type file by its import location; dslVersion is
	// that of the blueprint that imports it.
	Types(location, dslVersion string) (text, name string, ok bool)
	// EveryType is a blueprint that imports all bundled types.
	EveryType() string
	Blueprints() ([]BundledBlueprint, error)
	SampleEaasParams() string
}

// BundledBlueprint is one blueprint of the catalogue.
type BundledBlueprint struct {
	ID          string
	Title       string
	Description string
	Kind        string // app, component, workload
	Files       fs.FS
	MainFile    string
}

// Config is what a Control is built from.
type Config struct {
	Store     *store.Store
	Queue     *engine.Queue
	Archives  Archives
	Catalogue Catalogue
	Rehearsal compose.Policy
	// World is read for "rehearsal list" and "rehearsal calls".
	World rehearsal.State
	// ImportHosts are the hosts that blueprints may import from over https.
	ImportHosts []string
	// Fetch gets an allowed import; nil refuses all.
	Fetch  func(ctx context.Context, url string) ([]byte, error)
	Now    func() time.Time
	Logger *slog.Logger
}

// Control decides requests. It is safe for concurrent use.
type Control struct {
	cfg       Config
	store     *store.Store
	queue     *engine.Queue
	plans     engine.Plans
	files     *archiveCache
	compiling chan struct{} // one place for each archive being read
	now       func() time.Time
	log       *slog.Logger
	providers provider.Registry // for checks at upload; set by UseProviders
	schema    func() ([]byte, error)
}

// New returns a Control, or an error when the configuration is incomplete.
func New(cfg Config) (*Control, error) {
	if cfg.Store == nil || cfg.Queue == nil || cfg.Archives == nil || cfg.Catalogue == nil || cfg.Now == nil || cfg.Logger == nil || cfg.World == nil {
		return nil, errors.New("control: Store, Queue, Archives, Catalogue, World, Now and Logger are required")
	}
	return &Control{
		cfg: cfg, store: cfg.Store, queue: cfg.Queue, plans: engine.NewPlans(),
		files: newArchiveCache(cfg.Archives), compiling: make(chan struct{}, compilingAtOnce), now: cfg.Now, log: cfg.Logger,
		schema: sync.OnceValues(func() ([]byte, error) { return blueprintSchema(cfg.Catalogue) }),
	}, nil
}

// UseProviders hands in the registry that uploads are checked against. It is
// apart from New because the component provider needs this Control first.
func (c *Control) UseProviders(registry provider.Registry) { c.providers = registry }

// require refuses an actor whose role does not include the needed one. It says
// what is needed, never what is there.
func require(actor orchestrator.Actor, needed orchestrator.Role, doing string) error {
	if actor.Role.AtLeast(needed) {
		return nil
	}
	if actor.Name == "" {
		return orchestrator.Errorf(orchestrator.Unauthorized, "sign in to %s", doing).Because("unauthorized_error")
	}
	return orchestrator.Errorf(orchestrator.Forbidden, "%s needs the role %s in team %s; ask an admin of the team", doing, needed, actor.Team).Because("forbidden_error")
}

// mayTouch refuses an actor who neither owns the thing nor is an operator.
func mayTouch(actor orchestrator.Actor, owner, doing string) error {
	if actor.Kind == orchestrator.ActorExecution || actor.Name == owner && actor.Role.AtLeast(orchestrator.User) {
		return nil
	}
	return require(actor, orchestrator.Operator, doing)
}

// change runs one transaction with its audit row. For an actor that is an
// execution it opens with the fence: no row, nothing is done.
func (c *Control) change(ctx context.Context, actor orchestrator.Actor, audit orchestrator.Audit, write func(*store.Tx) error) error {
	return c.inTx(ctx, func(tx *store.Tx) error {
		if actor.Kind == orchestrator.ActorExecution {
			if err := fence(ctx, tx, actor); err != nil {
				return err
			}
		}
		if err := write(tx); err != nil {
			return err
		}
		return c.writeAudit(ctx, tx, actor, audit)
	})
}

// worded says for people how the database fails when the request is not to blame.
func worded(err error) error {
	switch {
	case database.Classify(err) == database.FailureFull:
		return orchestrator.Errorf(orchestrator.Unavailable, "the server has no space left for its database, so nothing was changed; whoever runs it must free some").Because(orchestrator.DatabaseAway).Wrap(err)
	case store.Away(err):
		return orchestrator.Errorf(orchestrator.Unavailable, "the database does not answer just now; ask again in a moment, after a look whether a change was made all the same").Because(orchestrator.DatabaseAway).Wrap(err)
	default:
		return err
	}
}

func fence(ctx context.Context, tx *store.Tx, actor orchestrator.Actor) error {
	execution, err := tx.Execution(ctx, actor.Execution)
	if err != nil {
		return err
	}
	grants, err := tx.Fence(ctx, []store.Lease{{ExecutionID: actor.Execution, RootID: execution.RootID, Epoch: actor.Epoch}})
	if err != nil {
		return err
	}
	if !grants[0].OK {
		return orchestrator.Errorf(orchestrator.Unavailable, "another server has taken over execution %s", actor.Execution)
	}
	return nil
}

func (c *Control) writeAudit(ctx context.Context, tx *store.Tx, actor orchestrator.Actor, audit orchestrator.Audit) error {
	audit.At, audit.Team, audit.From = c.now(), actor.Team, actor.From
	name := actor.Name
	if actor.Kind == orchestrator.ActorExecution {
		name = actor.Execution
	}
	audit.Actor = string(actor.Kind) + " " + name
	return tx.AppendAudit(ctx, audit)
}

func audited(action, object string) orchestrator.Audit {
	return orchestrator.Audit{Action: action, Object: object}
}

func (c *Control) view(ctx context.Context, read func(*store.Tx) error) error {
	return worded(c.store.View(ctx, read))
}

func (c *Control) inTx(ctx context.Context, write func(*store.Tx) error) error {
	return worded(c.store.InTx(ctx, write))
}
