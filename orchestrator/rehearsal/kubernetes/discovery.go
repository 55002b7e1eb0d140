package kubernetes

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// serverVersion is the release whose behaviour is rehearsed.
var serverVersion = version.Info{Major: "1", Minor: "37", GitVersion: "v1.37.2", Platform: "linux/amd64"}

var verbs = metav1.Verbs{"create", "delete", "get", "list", "patch", "update"}

// discover answers the paths by which clients learn what there is; false for
// every other path.
func discover(path string, cluster rehearsal.Cluster) (any, bool) {
	switch path = strings.TrimSuffix(path, "/"); path {
	case "/version":
		return serverVersion, true
	case "/api":
		return metav1.APIVersions{
			TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"},
			ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{{
				ClientCIDR: "0.0.0.0/0", ServerAddress: strings.TrimPrefix(cluster.Server, "https://"),
			}},
		}, true
	case "/apis":
		return groups(), true
	case "/api/v1":
		return resources("", "v1")
	}
	rest, ok := strings.CutPrefix(path, "/apis/")
	if !ok {
		return nil, false
	}
	group, version, ok := strings.Cut(rest, "/")
	if !ok || strings.Contains(version, "/") {
		return nil, false
	}
	return resources(group, version)
}

func groups() metav1.APIGroupList {
	list := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}}
	for _, k := range kinds {
		known := slices.ContainsFunc(list.Groups, func(g metav1.APIGroup) bool { return g.Name == k.group })
		if k.group == "" || known {
			continue
		}
		only := metav1.GroupVersionForDiscovery{GroupVersion: k.apiVersion(), Version: k.version}
		list.Groups = append(list.Groups, metav1.APIGroup{
			Name: k.group, Versions: []metav1.GroupVersionForDiscovery{only}, PreferredVersion: only,
		})
	}
	return list
}

func resources(group, version string) (any, bool) {
	list := metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}}
	for _, k := range kinds {
		if k.group != group || k.version != version {
			continue
		}
		list.GroupVersion = k.apiVersion()
		list.APIResources = append(list.APIResources, metav1.APIResource{
			Name: k.resource, SingularName: strings.ToLower(k.name), Namespaced: k.namespaced, Kind: k.name, Verbs: verbs,
		})
	}
	return list, len(list.APIResources) > 0
}
