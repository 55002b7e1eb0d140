package kubernetes

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// loadOrFurniture finds also the namespaces that every cluster has.
func (a *act) loadOrFurniture(t target) (stored, bool, error) {
	if isNamespace(t.kind) && slices.Contains(furnitureNamespaces, t.name) {
		return stored{Object: document{
			"apiVersion": "v1", "kind": "Namespace",
			"metadata": document{
				"name": t.name, "uid": "furniture-" + t.name, "resourceVersion": "1",
				"creationTimestamp": a.cluster.CreatedAt.UTC().Format(time.RFC3339),
			},
		}}, true, nil
	}
	return a.load(t)
}

// assign gives a service its addresses.
func (a *act) assign(s *stored) error {
	balanced := a.target.kind.resource == "ingresses" || text(s.Object, "spec", "type") == "LoadBalancer" && a.target.kind.resource == "services"
	if balanced && s.Address == "" {
		address, err := rehearsal.NewAddress(a.Tx)
		if err != nil {
			return err
		}
		s.Address = address
	}
	if a.target.kind.resource != "services" {
		return nil
	}
	spec := rehearsal.Part(s.Object, "spec")
	if spec["clusterIP"] != nil || spec["type"] == "ExternalName" {
		return nil
	}
	n, err := a.Next("clusterIP " + a.cluster.Server)
	if err != nil {
		return err
	}
	if n >= 1<<16 {
		return rehearsal.Refuse(http.StatusInternalServerError, "InternalError", "failed to allocate a cluster IP: range is full")
	}
	ip := fmt.Sprintf("10.96.%d.%d", n>>8&0xff, n&0xff)
	spec["clusterIP"], spec["clusterIPs"] = ip, []any{ip}
	return nil
}

// withStatus is the object as the API shows it at a time.
func withStatus(k kind, s stored, now time.Time) document {
	out := rehearsal.CloneDocument(s.Object)
	ready := !now.Before(s.ReadyAt)
	if status := statusOf(k, s, ready); status != nil {
		out["status"] = status
	}
	return out
}

func statusOf(k kind, s stored, ready bool) document {
	switch k.resource {
	case "namespaces":
		return document{"phase": stateWord(k, s, s.ReadyAt)}
	case "deployments", "replicasets", "statefulsets":
		return replicaStatus(s, ready)
	case "daemonsets":
		return document{"desiredNumberScheduled": 1.0, "currentNumberScheduled": 1.0, "numberReady": count(ready, 1), "numberAvailable": count(ready, 1)}
	case "pods":
		return document{"phase": word(ready, "Running", "Pending")}
	case "persistentvolumeclaims":
		return document{"phase": word(ready, "Bound", "Pending")}
	case "jobs":
		return document{"succeeded": count(ready, 1), "active": count(!ready, 1)}
	case "services", "ingresses":
		balancer := document{}
		if ready && s.Address != "" {
			balancer["ingress"] = []any{document{"ip": s.Address}}
		}
		return document{"loadBalancer": balancer}
	}
	return nil
}

func replicaStatus(s stored, ready bool) document {
	wanted, _ := number(s.Object, "spec", "replicas")
	generation, _ := number(s.Object, "metadata", "generation")
	status := document{
		"observedGeneration": generation, "replicas": wanted, "updatedReplicas": wanted,
		"conditions": []any{document{
			"type": "Available", "status": word(ready, "True", "False"),
			"reason": word(ready, "MinimumReplicasAvailable", "MinimumReplicasUnavailable"),
		}},
	}
	if ready {
		status["readyReplicas"], status["availableReplicas"] = wanted, wanted
	} else {
		status["unavailableReplicas"] = wanted
	}
	return status
}

func count(ready bool, n float64) float64 {
	if ready {
		return n
	}
	return 0
}

func word(ready bool, yes, no string) string {
	if ready {
		return yes
	}
	return no
}

// stateWord is the API's own word for how an object is; empty for kinds that
// have none.
func stateWord(k kind, s stored, now time.Time) string {
	ready := !now.Before(s.ReadyAt)
	switch {
	case isNamespace(k):
		return word(s.GoneAt.IsZero(), "Active", "Terminating")
	case k.resource == "deployments":
		return word(ready, "Available", "Progressing")
	}
	return text(statusOf(k, s, ready), "phase")
}
