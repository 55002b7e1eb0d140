package store

import (
	"context"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/database"
)

const dependencyColumns = "creator, source_uid, target_id, team, created_at"

func scanDependency(row scanner) (d orchestrator.Dependency, err error) {
	var createdAt int64
	err = row.Scan(&d.Creator, &d.SourceUID, &d.TargetID, &d.Team, &createdAt)
	d.CreatedAt = database.Time(createdAt)
	return d, err
}

// InsertDependency records that the source needs the target. Recorded again by
// the same creator, the newer target holds.
func (t *Tx) InsertDependency(ctx context.Context, d orchestrator.Dependency) error {
	_, err := t.exec(ctx, "insert dependency", "INSERT INTO dependencies ("+dependencyColumns+`) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (source_uid, creator) DO UPDATE SET target_id = excluded.target_id`,
		d.Creator, d.SourceUID, d.TargetID, d.Team, database.Micros(d.CreatedAt))
	if database.Classify(err) == database.FailureReference {
		return notFound("Deployment", d.SourceUID)
	}
	return err
}

// DeleteDependency removes what a creator recorded; gone already is fine.
func (t *Tx) DeleteDependency(ctx context.Context, creator, sourceUID string) error {
	_, err := t.exec(ctx, "delete dependency", "DELETE FROM dependencies WHERE source_uid = $1 AND creator = $2", sourceUID, creator)
	return err
}

// DependenciesOn returns who needs the deployment with that id: what reads a
// deployment names it by id, also before it exists and after it was made anew.
func (t *Tx) DependenciesOn(ctx context.Context, team, targetID string) ([]orchestrator.Dependency, error) {
	return queryAll(ctx, t, "list dependencies on deployment", scanDependency,
		"SELECT "+dependencyColumns+" FROM dependencies WHERE team = $1 AND target_id = $2 ORDER BY source_uid, creator", team, targetID)
}

// DependenciesOf returns what the deployment needs.
func (t *Tx) DependenciesOf(ctx context.Context, sourceUID string) ([]orchestrator.Dependency, error) {
	return queryAll(ctx, t, "list dependencies of deployment", scanDependency,
		"SELECT "+dependencyColumns+" FROM dependencies WHERE source_uid = $1 ORDER BY creator", sourceUID)
}
