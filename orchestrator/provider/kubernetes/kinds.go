package kubernetes

import (
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// apiVersions are those of the kinds that have a node type of their name, for
// manifests that leave theirs out.
var apiVersions = map[string]string{
	"ClusterRole":              "rbac.authorization.k8s.io/v1",
	"ClusterRoleBinding":       "rbac.authorization.k8s.io/v1",
	"ConfigMap":                "v1",
	"CronJob":                  "batch/v1",
	"CustomResourceDefinition": "apiextensions.k8s.io/v1",
	"DaemonSet":                "apps/v1",
	"Deployment":               "apps/v1",
	"Ingress":                  "networking.k8s.io/v1",
	"Job":                      "batch/v1",
	"Namespace":                "v1",
	"NetworkPolicy":            "networking.k8s.io/v1",
	"Node":                     "v1",
	"PersistentVolume":         "v1",
	"PersistentVolumeClaim":    "v1",
	"Pod":                      "v1",
	"ReplicaSet":               "apps/v1",
	"ReplicationController":    "v1",
	"Role":                     "rbac.authorization.k8s.io/v1",
	"RoleBinding":              "rbac.authorization.k8s.io/v1",
	"Secret":                   "v1",
	"Service":                  "v1",
	"ServiceAccount":           "v1",
	"StatefulSet":              "apps/v1",
	"StorageClass":             "storage.k8s.io/v1",
}

// typedKind returns the kind that the node's type names, or "".
func typedKind(self *provider.Instance) string {
	for _, name := range slices.Backward(slices.Concat(self.TypeHierarchy, []string{self.Type})) {
		kind := name[strings.LastIndex(name, ".")+1:]
		isKubernetes := strings.HasPrefix(name, "cloudify.kubernetes.resources.") || strings.HasPrefix(name, "cloudify.nodes.kubernetes.resources.")
		if _, known := apiVersions[kind]; known && isKubernetes {
			return kind
		}
	}
	return ""
}

// withDefaults fills in kind and apiVersion from the node's type.
func withDefaults(content map[string]orchestrator.Value, self *provider.Instance) map[string]orchestrator.Value {
	kind := typedKind(self)
	if kind == "" || content["kind"] != nil && content["apiVersion"] != nil {
		return content
	}
	out := map[string]orchestrator.Value{"kind": kind, "apiVersion": apiVersions[kind]}
	for key, value := range content {
		if value != nil {
			out[key] = value
		}
	}
	return out
}

// fitsType refuses a manifest of another kind than the node's type says. Old
// blueprints bind a cluster role with the type RoleBinding: the manifest wins.
func fitsType(m manifest, self *provider.Instance) error {
	typed, kind := typedKind(self), m.object().GetKind()
	if typed == "" || typed == kind || "Cluster"+typed == kind {
		return nil
	}
	return orchestrator.Errorf(orchestrator.Invalid,
		"node %s is of type %s, but its manifest is a %s; use the type that fits, or BlueprintDefinedResource", self.NodeID, self.Type, kind)
}
