package kubernetes

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// notReady says what an object still waits for; "" when it is ready, or of a
// kind that is ready once it is there.
func notReady(live *unstructured.Unstructured) string {
	switch live.GetKind() {
	case "Pod":
		return phaseIs(live, "Running", "Succeeded")
	case "PersistentVolumeClaim":
		return phaseIs(live, "Bound")
	case "Namespace":
		return phaseIs(live, "Active")
	case "Deployment":
		return replicas(live, number(live, 1, "spec", "replicas"), "availableReplicas")
	case "ReplicaSet", "StatefulSet", "ReplicationController":
		return replicas(live, number(live, 1, "spec", "replicas"), "readyReplicas")
	case "DaemonSet":
		return replicas(live, number(live, 0, "status", "desiredNumberScheduled"), "numberReady")
	case "Service":
		if kind, _, _ := unstructured.NestedString(live.Object, "spec", "type"); kind != "LoadBalancer" {
			return ""
		}
		return hasAddress(live)
	case "Ingress":
		return hasAddress(live)
	}
	return ""
}

func phaseIs(live *unstructured.Unstructured, wanted ...string) string {
	phase, _, _ := unstructured.NestedString(live.Object, "status", "phase")
	for _, each := range wanted {
		if phase == each {
			return ""
		}
	}
	return fmt.Sprintf("is %q, not yet %s", phase, wanted[0])
}

// replicas waits until the controller has seen the newest spec and enough pods
// are up.
func replicas(live *unstructured.Unstructured, wanted int64, field string) string {
	if seen := number(live, 0, "status", "observedGeneration"); seen < live.GetGeneration() {
		return "was not looked at by its controller yet"
	}
	if up := number(live, 0, "status", field); up < wanted {
		return fmt.Sprintf("has %d of %d pods ready", up, wanted)
	}
	return ""
}

func hasAddress(live *unstructured.Unstructured) string {
	ingress, _, _ := unstructured.NestedSlice(live.Object, "status", "loadBalancer", "ingress")
	if len(ingress) == 0 {
		return "has no address yet"
	}
	return ""
}

func number(live *unstructured.Unstructured, otherwise int64, path ...string) int64 {
	value, ok, err := unstructured.NestedInt64(live.Object, path...)
	if err != nil || !ok {
		return otherwise
	}
	return value
}
