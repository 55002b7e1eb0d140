package api

import (
	"net/http"

	"github.com/slipwayhq/slipway/orchestrator"
)

// route is one line of the surface.
type route struct {
	method, path string
	// role is the least that a caller needs; what a thing's owner may do beyond
	// it is decided by control.
	role orchestrator.Role
	// query lists the keys that the query may have; another is refused, because
	// a filter that is ignored answers more than was asked for.
	query  []string
	handle func(*call) error
}

const v31 = "/api/v3.1"

// paging are the keys that every list takes.
var paging = []string{"_offset", "_size", "_get_all_results", "_all_tenants", "_include", "_sort", "_search", "_search_name"}

func list(filters ...string) []string { return append(filters, paging...) }

// routes is the whole surface. Every route has a role, and a test asks each as
// each role.
func routes() []route {
	const viewer, user, operator = orchestrator.Viewer, orchestrator.User, orchestrator.Operator
	const get, put, post, patch, remove = http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete
	return []route{
		{get, "/api/openapi.json", viewer, nil, getOpenAPI},
		{get, "/api/blueprint-schema.json", viewer, nil, getBlueprintSchema},
		{get, "/api/version", viewer, nil, getVersion},
		{get, v31 + "/version", viewer, nil, getVersion},
		{get, v31 + "/status", viewer, []string{"summary"}, getStatus},
		{get, v31 + "/maintenance", viewer, nil, getMaintenance},
		{get, v31 + "/provider/context", viewer, nil, getProviderContext},
		{get, v31 + "/config", viewer, []string{"scope", "name"}, getConfig},
		{get, v31 + "/managers", viewer, list("hostname"), listManagers},
		{get, v31 + "/brokers", viewer, list(), listBrokers},
		{get, v31 + "/db-nodes", viewer, list(), listDatabaseNodes},

		{get, v31 + "/blueprints", viewer, list(), listBlueprints},
		{get, v31 + "/blueprints/:id", viewer, []string{"_include"}, getBlueprint},
		{put, v31 + "/blueprints/:id", operator, uploadQuery, putBlueprint},
		{patch, v31 + "/blueprints/:id", operator, nil, patchBlueprint},
		{remove, v31 + "/blueprints/:id", operator, []string{"force"}, deleteBlueprint},
		{get, v31 + "/blueprints/:id/archive", viewer, nil, getBlueprintArchive},
		{put, v31 + "/blueprints/:id/validate", user, uploadQuery, putBlueprintValidate},
		{post, v31 + "/blueprints/validate", user, append([]string{"format"}, uploadQuery...), postBlueprintsValidate},

		{get, v31 + "/deployments", viewer, list("id", "blueprint_id"), listDeployments},
		{get, v31 + "/deployments/:id", viewer, []string{"_include", "all_sub_deployments", "include_workdir"}, getDeployment},
		{put, v31 + "/deployments/:id", user, []string{"async_create", "private_resource"}, putDeployment},
		{patch, v31 + "/deployments/:id", user, nil, patchDeployment},
		{remove, v31 + "/deployments/:id", user, []string{"force", "delete_logs", "recursive"}, deleteDeployment},
		{get, v31 + "/deployments/:id/capabilities", viewer, nil, getCapabilities},
		{get, v31 + "/deployments/:id/outputs", viewer, nil, getOutputs},

		{get, v31 + "/executions", viewer, list("deployment_id", "workflow_id", "status", "_include_system_workflows"), listExecutions},
		{get, v31 + "/executions/:id", viewer, []string{"_include"}, getExecution},
		{post, v31 + "/executions", user, nil, postExecution},
		{post, v31 + "/executions/:id", user, nil, postExecutionAction},

		{get, v31 + "/events", viewer, eventsQuery, listEvents},

		{get, v31 + "/nodes", viewer, list("deployment_id", "id", "_evaluate_functions", "_instance_counts"), listNodes},
		{get, v31 + "/node-instances", viewer, list("deployment_id", "node_id", "id", "_evaluate_functions"), listNodeInstances},
		{get, v31 + "/node-instances/:id", viewer, []string{"_include", "_evaluate_functions"}, getNodeInstance},

		{get, v31 + "/secrets", viewer, list("key"), listSecrets},
		{get, v31 + "/secrets/:key", viewer, []string{"_include"}, getSecret},
		{put, v31 + "/secrets/:key", operator, nil, putSecret},
		{patch, v31 + "/secrets/:key", operator, nil, patchSecret},
		{remove, v31 + "/secrets/:key", operator, nil, deleteSecret},

		{get, v31 + "/rehearsal/resources", viewer, list("deployment", "cloud", "kind"), listRehearsalResources},
		{get, v31 + "/rehearsal/calls", viewer, list("deployment", "cloud", "effective"), listRehearsalCalls},
	}
}
