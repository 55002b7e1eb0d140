package store

import (
	"context"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/database"
)

// BlueprintQuery selects blueprints for a list: the newest version of each id.
type BlueprintQuery struct {
	Team       string
	IDs        []string
	Search     string // in id and description
	WithPlans  bool
	Sort       string // id (default), created_at, updated_at
	Descending bool
	Offset     int
	Size       int // 0: all
}

var blueprintSorts = map[string]string{"id": "id", "created_at": "created_at", "updated_at": "created_at"}

// The plan follows these columns where it is wanted; most lists leave it out.
const blueprintColumns = "uid, team, id, version, main_file, description, digest, archive, labels, state, bundled, created_by, created_at"

func scanBlueprint(row scanner) (bp orchestrator.Blueprint, err error) {
	var labels string
	var createdAt int64
	err = row.Scan(&bp.UID, &bp.Team, &bp.ID, &bp.Version, &bp.MainFile, &bp.Description, &bp.Digest, &bp.Archive,
		&labels, &bp.State, &bp.Bundled, &bp.CreatedBy, &createdAt)
	if err != nil {
		return bp, err
	}
	bp.CreatedAt = database.Time(createdAt)
	return bp, fromJSON(labels, &bp.Labels)
}

func scanBlueprintWithPlan(row scanner) (orchestrator.Blueprint, error) {
	var plan string
	bp, err := scanBlueprint(withMore(row, &plan))
	if err != nil {
		return bp, err
	}
	return bp, fromJSON(plan, &bp.Plan)
}

// InsertBlueprint stores a version as it is given; it assigns nothing.
func (t *Tx) InsertBlueprint(ctx context.Context, bp orchestrator.Blueprint) error {
	plan, err := toJSON(bp.Plan)
	if err != nil {
		return err
	}
	labels, err := toJSON(bp.Labels)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, "insert blueprint", "INSERT INTO blueprints ("+blueprintColumns+", plan) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
		bp.UID, bp.Team, bp.ID, bp.Version, bp.MainFile, cleanText(bp.Description), bp.Digest, bp.Archive, labels, bp.State, bp.Bundled, bp.CreatedBy, database.Micros(bp.CreatedAt), plan)
	if database.Classify(err) == database.FailureUnique {
		return orchestrator.Errorf(orchestrator.Conflict, "Blueprint with ID `%s` and version %d already exists", bp.ID, bp.Version).Wrap(err)
	}
	if err != nil {
		return err
	}
	return t.insertImports(ctx, bp)
}

// Blueprint returns one version, with its plan and its imports.
func (t *Tx) Blueprint(ctx context.Context, uid string) (orchestrator.Blueprint, error) {
	bp, err := queryOne(ctx, t, notFound("Blueprint", uid), "read blueprint", scanBlueprintWithPlan,
		"SELECT "+blueprintColumns+", plan FROM blueprints WHERE uid = $1", uid)
	return t.withImports(ctx, bp, err)
}

// NewestBlueprint returns the version that the id means now, with its plan and
// its imports.
func (t *Tx) NewestBlueprint(ctx context.Context, team, id string) (orchestrator.Blueprint, error) {
	bp, err := queryOne(ctx, t, notFound("Blueprint", id), "read blueprint", scanBlueprintWithPlan,
		"SELECT "+blueprintColumns+", plan FROM blueprints WHERE team = $1 AND id = $2 ORDER BY version DESC LIMIT 1", team, id)
	return t.withImports(ctx, bp, err)
}

// BlueprintVersions returns all versions of an id, newest first, without plans.
func (t *Tx) BlueprintVersions(ctx context.Context, team, id string) ([]orchestrator.Blueprint, error) {
	return queryAll(ctx, t, "list blueprint versions", scanBlueprint,
		"SELECT "+blueprintColumns+" FROM blueprints WHERE team = $1 AND id = $2 ORDER BY version DESC", team, id)
}

// ListBlueprints returns a page of blueprints and how many there are in all.
func (t *Tx) ListBlueprints(ctx context.Context, q BlueprintQuery) ([]orchestrator.Blueprint, int, error) {
	var w where
	w.add("version = (SELECT MAX(other.version) FROM blueprints other WHERE other.team = blueprints.team AND other.id = blueprints.id)")
	w.addIf("team", q.Team)
	addIn(&w, "id", q.IDs)
	w.addSearch(q.Search, "id", "description")
	sorted, err := order(blueprintSorts, q.Sort, "id", "uid", q.Descending)
	if err != nil {
		return nil, 0, err
	}
	columns, scan := blueprintColumns, scanBlueprint
	if q.WithPlans {
		columns, scan = blueprintColumns+", plan", scanBlueprintWithPlan
	}
	return queryPage(ctx, t, "list blueprints", scan, columns, "blueprints", &w, sorted, q.Offset, q.Size)
}

// SetBlueprintLabels replaces the labels of one version.
func (t *Tx) SetBlueprintLabels(ctx context.Context, uid string, labels []orchestrator.Label) error {
	document, err := toJSON(labels)
	if err != nil {
		return err
	}
	return t.execOne(ctx, notFound("Blueprint", uid), "set blueprint labels", "UPDATE blueprints SET labels = $1 WHERE uid = $2", document, uid)
}

// DeleteBlueprint removes all versions of an id, and dooms their archives.
func (t *Tx) DeleteBlueprint(ctx context.Context, team, id string, at time.Time) error {
	archives, err := queryAll(ctx, t, "list archives of blueprint", scanString, `SELECT DISTINCT archive FROM blueprints b WHERE team = $1 AND id = $2
		AND NOT EXISTS (SELECT 1 FROM blueprints other WHERE other.archive = b.archive AND (other.team <> b.team OR other.id <> b.id))`, team, id)
	if err != nil {
		return err
	}
	if err := t.forgetImports(ctx, team, id); err != nil {
		return err
	}
	err = t.execOne(ctx, notFound("Blueprint", id), "delete blueprint", "DELETE FROM blueprints WHERE team = $1 AND id = $2", team, id)
	if database.Classify(err) == database.FailureReference {
		return orchestrator.Errorf(orchestrator.Conflict, "Can't delete blueprint `%s`: it is in use by deployments or imported by other blueprints, delete those first", id).Wrap(err)
	}
	if err != nil {
		return err
	}
	rows := make([][]any, 0, len(archives))
	for _, archive := range archives {
		rows = append(rows, []any{archive, database.Micros(at), true})
	}
	return t.insertRows(ctx, "doom archives of blueprint", "INSERT INTO stray_archives (archive, since, doomed)", "", rows)
}

// BlueprintUsers returns the ids of the deployments that use any version.
func (t *Tx) BlueprintUsers(ctx context.Context, team, id string) ([]string, error) {
	return queryAll(ctx, t, "list users of blueprint", scanString,
		"SELECT d.id FROM deployments d JOIN blueprints b ON b.uid = d.blueprint_uid WHERE b.team = $1 AND b.id = $2 ORDER BY d.id", team, id)
}
