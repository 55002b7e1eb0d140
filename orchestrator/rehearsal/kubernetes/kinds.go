package kubernetes

import "slices"

// kind is one row of what the API serves.
type kind struct {
	group, version, name string // "apps", "v1", "Deployment"
	resource             string // "deployments"
	namespaced           bool
}

// apiVersion is how a manifest names group and version.
func (k kind) apiVersion() string {
	if k.group == "" {
		return k.version
	}
	return k.group + "/" + k.version
}

// String is the kind as the world keeps it: "apps/v1/Deployment".
func (k kind) String() string { return k.apiVersion() + "/" + k.name }

var kinds = []kind{
	{"", "v1", "Namespace", "namespaces", false},
	{"", "v1", "ConfigMap", "configmaps", true},
	{"", "v1", "Secret", "secrets", true},
	{"", "v1", "Service", "services", true},
	{"", "v1", "ServiceAccount", "serviceaccounts", true},
	{"", "v1", "Pod", "pods", true},
	{"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true},
	{"", "v1", "PersistentVolume", "persistentvolumes", false},
	{"", "v1", "LimitRange", "limitranges", true},
	{"", "v1", "ResourceQuota", "resourcequotas", true},
	{"apps", "v1", "Deployment", "deployments", true},
	{"apps", "v1", "ReplicaSet", "replicasets", true},
	{"apps", "v1", "StatefulSet", "statefulsets", true},
	{"apps", "v1", "DaemonSet", "daemonsets", true},
	{"autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true},
	{"batch", "v1", "Job", "jobs", true},
	{"batch", "v1", "CronJob", "cronjobs", true},
	{"networking.k8s.io", "v1", "Ingress", "ingresses", true},
	{"networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true},
	{"policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true},
	{"rbac.authorization.k8s.io", "v1", "Role", "roles", true},
	{"rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", true},
	{"rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false},
	{"rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", false},
	{"storage.k8s.io", "v1", "StorageClass", "storageclasses", false},
}

// furnitureNamespaces are in every cluster; they are never listed.
var furnitureNamespaces = []string{"default", "kube-node-lease", "kube-public", "kube-system"}

func isNamespace(k kind) bool { return k.group == "" && k.name == "Namespace" }

func isSecret(k kind) bool { return k.group == "" && k.name == "Secret" }

func findKind(group, version, resource string) (kind, bool) {
	at := slices.IndexFunc(kinds, func(k kind) bool {
		return k.group == group && k.version == version && k.resource == resource
	})
	if at < 0 {
		return kind{}, false
	}
	return kinds[at], true
}
