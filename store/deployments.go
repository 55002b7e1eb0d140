package store

import (
	"context"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/database"
)

// DeploymentQuery selects deployments for a list.
type DeploymentQuery struct {
	Team               string
	BlueprintID        string
	ParentUID          string
	TopLevel           bool // only those without a parent
	IDs                []string
	Search             string // in id and display name
	InstallationStatus []orchestrator.InstallationStatus
	DeploymentStatus   []orchestrator.DeploymentStatus
	CloudType, EnvType string
	CreatedBy          string
	Sort               string // created_at (default), updated_at, id, display_name, blueprint_id, installation_status, deployment_status
	Descending         bool
	Offset             int
	Size               int // 0: all
}

var deploymentSorts = map[string]string{
	"created_at": "created_at", "updated_at": "updated_at", "id": "id", "display_name": "display_name", "blueprint_id": "blueprint_id",
	"installation_status": "installation_status", "deployment_status": "deployment_status",
}

const deploymentColumns = `uid, team, id, display_name, description, blueprint_uid, blueprint_id, blueprint_version,
	expected_nodes, inputs, workflows, capabilities, outputs, rehearsal, rehearsal_reason, cloud_type, env_type, parent, parent_node,
	labels, installation_status, deployment_status, latest_execution, created_by, created_at, updated_at`

func inputsPlace(uid string) string { return "deployments.inputs/" + uid }

func (t *Tx) scanDeployment(row scanner) (d orchestrator.Deployment, err error) {
	var inputs []byte
	var workflows, capabilities, outputs, labels string
	var createdAt, updatedAt int64
	err = row.Scan(&d.UID, &d.Team, &d.ID, &d.DisplayName, &d.Description, &d.BlueprintUID, &d.BlueprintID, &d.BlueprintVersion,
		&d.ExpectedNodes, &inputs, &workflows, &capabilities, &outputs, &d.Rehearsal, &d.RehearsalReason, &d.CloudType, &d.EnvType, &d.Parent, &d.ParentNode,
		&labels, &d.InstallationStatus, &d.DeploymentStatus, &d.LatestExecution, &d.CreatedBy, &createdAt, &updatedAt)
	if err != nil {
		return d, err
	}
	d.CreatedAt, d.UpdatedAt = database.Time(createdAt), database.Time(updatedAt)
	if d.Inputs, err = t.openValues(inputs, inputsPlace(d.UID)); err != nil {
		return d, err
	}
	return d, fromJSONs(
		document{workflows, &d.Workflows}, document{capabilities, &d.Capabilities}, document{outputs, &d.Outputs}, document{labels, &d.Labels})
}

// InsertDeployment stores a deployment with its labels.
func (t *Tx) InsertDeployment(ctx context.Context, d orchestrator.Deployment) error {
	inputs, err := t.sealValues(d.Inputs, inputsPlace(d.UID))
	if err != nil {
		return err
	}
	documents, err := toJSONs(d.Workflows, d.Capabilities, d.Outputs, d.Labels)
	if err != nil {
		return err
	}
	err = t.insertRows(ctx, "insert deployment", "INSERT INTO deployments ("+deploymentColumns+")", "", [][]any{{
		d.UID, d.Team, d.ID, cleanText(d.DisplayName), cleanText(d.Description), d.BlueprintUID, d.BlueprintID, d.BlueprintVersion,
		d.ExpectedNodes, inputs, documents[0], documents[1], documents[2], d.Rehearsal, cleanText(d.RehearsalReason), d.CloudType, d.EnvType, d.Parent, d.ParentNode,
		documents[3], string(d.InstallationStatus), string(d.DeploymentStatus), d.LatestExecution, d.CreatedBy, database.Micros(d.CreatedAt), database.Micros(d.UpdatedAt),
	}})
	switch database.Classify(err) {
	case database.FailureUnique:
		return orchestrator.Errorf(orchestrator.Conflict, "Deployment with ID `%s` already exists", d.ID).Wrap(err)
	case database.FailureReference:
		return notFound("Blueprint", d.BlueprintID)
	}
	return err
}

// Deployment returns the deployment with that id in the team.
func (t *Tx) Deployment(ctx context.Context, team, id string) (orchestrator.Deployment, error) {
	return queryOne(ctx, t, notFound("Deployment", id), "read deployment", t.scanDeployment,
		"SELECT "+deploymentColumns+" FROM deployments WHERE team = $1 AND id = $2", team, id)
}

// DeploymentByUID returns the deployment with that uid.
func (t *Tx) DeploymentByUID(ctx context.Context, uid string) (orchestrator.Deployment, error) {
	return queryOne(ctx, t, notFound("Deployment", uid), "read deployment", t.scanDeployment,
		"SELECT "+deploymentColumns+" FROM deployments WHERE uid = $1", uid)
}

// ListDeployments returns a page of deployments and how many there are in all.
func (t *Tx) ListDeployments(ctx context.Context, q DeploymentQuery) ([]orchestrator.Deployment, int, error) {
	var w where
	w.addIf("team", q.Team)
	w.addIf("blueprint_id", q.BlueprintID)
	w.addIf("parent", q.ParentUID)
	if q.TopLevel {
		w.add("parent = ''")
	}
	addIn(&w, "id", q.IDs)
	w.addSearch(q.Search, "id", "display_name")
	addIn(&w, "installation_status", q.InstallationStatus)
	addIn(&w, "deployment_status", q.DeploymentStatus)
	w.addIf("cloud_type", q.CloudType)
	w.addIf("env_type", q.EnvType)
	w.addIf("created_by", q.CreatedBy)
	sorted, err := order(deploymentSorts, q.Sort, "created_at", "uid", q.Descending)
	if err != nil {
		return nil, 0, err
	}
	return queryPage(ctx, t, "list deployments", t.scanDeployment, deploymentColumns, "deployments", &w, sorted, q.Offset, q.Size)
}

// EachDeploymentName visits the team and id of every deployment there is.
func (t *Tx) EachDeploymentName(ctx context.Context, visit func(team, id string)) error {
	type name struct{ team, id string }
	names, err := queryAll(ctx, t, "list deployment names", func(row scanner) (n name, err error) {
		err = row.Scan(&n.team, &n.id)
		return n, err
	}, "SELECT team, id FROM deployments")
	for _, n := range names {
		visit(n.team, n.id)
	}
	return err
}

// SetDeploymentStatus writes what the latest execution made of a deployment.
func (t *Tx) SetDeploymentStatus(ctx context.Context, uid string, installation orchestrator.InstallationStatus, status orchestrator.DeploymentStatus, latestExecution string, at time.Time) error {
	return t.execOne(ctx, notFound("Deployment", uid), "set deployment status",
		"UPDATE deployments SET installation_status = $1, deployment_status = $2, latest_execution = $3, updated_at = $4 WHERE uid = $5",
		string(installation), string(status), latestExecution, database.Micros(at), uid)
}

// SetDeploymentLabels replaces the labels of a deployment.
func (t *Tx) SetDeploymentLabels(ctx context.Context, uid string, labels []orchestrator.Label, at time.Time) error {
	document, err := toJSON(labels)
	if err != nil {
		return err
	}
	return t.execOne(ctx, notFound("Deployment", uid), "set deployment labels",
		"UPDATE deployments SET labels = $1, updated_at = $2 WHERE uid = $3", document, database.Micros(at), uid)
}

// DeleteDeployment removes a deployment with its instances, the dependencies of
// which it is the source, and the trees of executions that it is the root of,
// steps and events included. What it ran as part of another deployment's tree
// stays with that tree, so that nothing vanishes from a log that somebody reads.
// Components that it leaves behind are nobody's, and so listed by themselves.
func (t *Tx) DeleteDeployment(ctx context.Context, uid string) error {
	roots := "SELECT id FROM executions WHERE deployment_uid = $1 AND root_id = id"
	for _, deletion := range []struct{ doing, query string }{
		{"delete events", "DELETE FROM events WHERE root_id IN (" + roots + ")"},
		{"delete steps", "DELETE FROM steps WHERE execution_id IN (SELECT id FROM executions WHERE root_id IN (" + roots + "))"},
		{"release components", "UPDATE deployments SET parent = '', parent_node = '' WHERE parent = $1"},
		{"delete executions", "DELETE FROM executions WHERE root_id IN (" + roots + ")"},
	} {
		if _, err := t.exec(ctx, deletion.doing, deletion.query, uid); err != nil {
			return err
		}
	}
	return t.execOne(ctx, notFound("Deployment", uid), "delete deployment", "DELETE FROM deployments WHERE uid = $1", uid)
}
