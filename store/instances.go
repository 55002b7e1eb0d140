package store

import (
	"context"
	"maps"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/database"
)

const instanceColumns = "deployment_uid, id, node_id, host_id, idx, state, version, runtime, relationships, scaling_groups"

func runtimePlace(deploymentUID, id string) string {
	return "node_instances.runtime/" + deploymentUID + "/" + id
}

func (t *Tx) scanInstance(row scanner) (n orchestrator.NodeInstance, err error) {
	var runtime []byte
	var relationships, groups string
	err = row.Scan(&n.DeploymentUID, &n.ID, &n.NodeID, &n.HostID, &n.Index, &n.State, &n.Version, &runtime, &relationships, &groups)
	if err != nil {
		return n, err
	}
	if n.Runtime, err = t.openValues(runtime, runtimePlace(n.DeploymentUID, n.ID)); err != nil {
		return n, err
	}
	return n, fromJSONs(document{relationships, &n.Relationships}, document{groups, &n.ScalingGroups})
}

// InsertInstances stores the instances of a new deployment.
func (t *Tx) InsertInstances(ctx context.Context, instances []orchestrator.NodeInstance) error {
	rows := make([][]any, 0, len(instances))
	for _, n := range instances {
		runtime, err := t.sealValues(n.Runtime, runtimePlace(n.DeploymentUID, n.ID))
		if err != nil {
			return err
		}
		documents, err := toJSONs(n.Relationships, n.ScalingGroups)
		if err != nil {
			return err
		}
		rows = append(rows, []any{n.DeploymentUID, n.ID, n.NodeID, n.HostID, n.Index, string(n.State), n.Version, runtime, documents[0], documents[1]})
	}
	err := t.insertRows(ctx, "insert node instances", "INSERT INTO node_instances ("+instanceColumns+")", "", rows)
	if database.Classify(err) == database.FailureUnique {
		return orchestrator.Errorf(orchestrator.Conflict, "a node instance with that ID already exists in the deployment").Wrap(err)
	}
	return err
}

// Instances returns the instances of a deployment by node and index.
func (t *Tx) Instances(ctx context.Context, deploymentUID string) ([]orchestrator.NodeInstance, error) {
	return queryAll(ctx, t, "list node instances", t.scanInstance,
		"SELECT "+instanceColumns+" FROM node_instances WHERE deployment_uid = $1 ORDER BY node_id, idx, id", deploymentUID)
}

// Instance returns one instance of a deployment.
func (t *Tx) Instance(ctx context.Context, deploymentUID, id string) (orchestrator.NodeInstance, error) {
	return queryOne(ctx, t, notFound("NodeInstance", id), "read node instance", t.scanInstance,
		"SELECT "+instanceColumns+" FROM node_instances WHERE deployment_uid = $1 AND id = $2", deploymentUID, id)
}

// InstanceInTeam returns the instance with that id in any deployment of a team;
// of several, the one of the youngest deployment.
func (t *Tx) InstanceInTeam(ctx context.Context, team, id string) (orchestrator.NodeInstance, error) {
	return queryOne(ctx, t, notFound("NodeInstance", id), "read node instance", t.scanInstance,
		`SELECT deployment_uid, n.id, node_id, host_id, idx, state, version, runtime, relationships, scaling_groups
		FROM node_instances n JOIN deployments d ON d.uid = n.deployment_uid
		WHERE n.id = $1 AND d.team = $2 ORDER BY d.created_at DESC, d.uid LIMIT 1`, id, team)
}

// SetInstanceState moves an instance; only workflows do.
func (t *Tx) SetInstanceState(ctx context.Context, deploymentUID, id string, state orchestrator.InstanceState) error {
	return t.execOne(ctx, notFound("NodeInstance", id), "set instance state",
		"UPDATE node_instances SET state = $1, version = version + 1 WHERE deployment_uid = $2 AND id = $3", string(state), deploymentUID, id)
}

// MergeRuntime changes runtime properties key by key: first it drops all or
// some, then it sets. Keys not named stay as they are, whoever wrote them.
func (t *Tx) MergeRuntime(ctx context.Context, deploymentUID, id string, set map[string]orchestrator.Value, drop []string, dropAll bool) error {
	place := runtimePlace(deploymentUID, id)
	runtime := map[string]orchestrator.Value{}
	if !dropAll {
		instance, err := t.Instance(ctx, deploymentUID, id)
		if err != nil {
			return err
		}
		runtime = instance.Runtime
	}
	for _, key := range drop {
		delete(runtime, key)
	}
	maps.Copy(runtime, set)
	sealed, err := t.sealValues(runtime, place)
	if err != nil {
		return err
	}
	return t.execOne(ctx, notFound("NodeInstance", id), "write runtime properties",
		"UPDATE node_instances SET runtime = $1, version = version + 1 WHERE deployment_uid = $2 AND id = $3", sealed, deploymentUID, id)
}
