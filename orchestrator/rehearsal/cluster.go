package rehearsal

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// KubernetesCloud is the cloud of clusters and of the objects in them. An object
// in a cluster has Scope = the cluster's server URL.
const (
	KubernetesCloud = "kubernetes"
	ClusterKind     = "cluster"
)

// Cluster is a Kubernetes API server: a managed cluster of a cloud, or what
// "minikube start" makes on a machine. The kubernetes leaf serves it.
type Cluster struct {
	// Server is the URL that clients use, "https://host:port"; no two clusters
	// have the same.
	Server string `json:"server"`
	Name   string `json:"name"`
	// Owner is what the cluster goes with: a machine's id, a cloud's resource id.
	Owner string `json:"owner"`
	// ReadyAt is when its API begins to answer, in the time of World.Now.
	ReadyAt    time.Time `json:"ready_at"`
	CreatedAt  time.Time `json:"created_at"`
	Deployment string    `json:"deployment,omitempty"`
	// Seed is what the cluster's keys, certificates and token are derived from,
	// so that none of them is kept.
	Seed []byte `json:"seed"`
}

// NewCluster makes a cluster with a seed of its own; PutCluster registers it.
func NewCluster(server, name, owner string, createdAt, readyAt time.Time) Cluster {
	seed := make([]byte, 32)
	_, _ = rand.Read(seed) // never fails (crypto/rand)
	// Certificates hold whole seconds.
	return Cluster{Server: server, Name: name, Owner: owner, Seed: seed, CreatedAt: createdAt.UTC().Truncate(time.Second), ReadyAt: readyAt}
}

// PutCluster writes the cluster under its server URL.
func PutCluster(tx Tx, cluster Cluster) error {
	body, err := json.Marshal(cluster)
	if err != nil {
		return fmt.Errorf("write cluster %s: %w", cluster.Server, err)
	}
	return tx.Put(Object{
		Cloud: KubernetesCloud, Kind: ClusterKind, ID: cluster.Server, Name: cluster.Name, Scope: cluster.Owner,
		Deployment: cluster.Deployment, State: "Running", Body: body, CreatedAt: cluster.CreatedAt, UpdatedAt: cluster.CreatedAt,
	})
}

// FindCluster returns the cluster whose API has that URL.
func FindCluster(tx Tx, server string) (Cluster, bool, error) {
	object, ok, err := tx.Get(KubernetesCloud, ClusterKind, server)
	if err != nil || !ok {
		return Cluster{}, false, err
	}
	var cluster Cluster
	if err := json.Unmarshal(object.Body, &cluster); err != nil {
		return Cluster{}, false, fmt.Errorf("read cluster %s: %w", server, err)
	}
	return cluster, true, nil
}

// DeleteCluster removes the cluster and everything in it.
func DeleteCluster(tx Tx, server string) error {
	inside, err := tx.List(Query{Cloud: KubernetesCloud, Scope: server})
	if err != nil {
		return fmt.Errorf("list objects of cluster %s: %w", server, err)
	}
	for _, object := range inside {
		if err := tx.Delete(object.Cloud, object.Kind, object.ID); err != nil {
			return fmt.Errorf("delete %s of cluster %s: %w", object.Kind, server, err)
		}
	}
	return tx.Delete(KubernetesCloud, ClusterKind, server)
}

// Kubeconfig returns the administrator's kubeconfig as a map, with client
// certificate and key inside.
func (c Cluster) Kubeconfig() (map[string]orchestrator.Value, error) {
	ca, err := c.Authority()
	if err != nil {
		return nil, err
	}
	client, err := c.ClientCertificate()
	if err != nil {
		return nil, err
	}
	user := "clusterAdmin_" + c.Name
	return map[string]orchestrator.Value{
		"apiVersion":      "v1",
		"kind":            "Config",
		"preferences":     map[string]orchestrator.Value{},
		"current-context": c.Name,
		"clusters": []orchestrator.Value{map[string]orchestrator.Value{
			"name":    c.Name,
			"cluster": map[string]orchestrator.Value{"server": c.Server, "certificate-authority-data": inBase64(ca.Certificate)},
		}},
		"contexts": []orchestrator.Value{map[string]orchestrator.Value{
			"name":    c.Name,
			"context": map[string]orchestrator.Value{"cluster": c.Name, "user": user},
		}},
		"users": []orchestrator.Value{map[string]orchestrator.Value{
			"name": user,
			"user": map[string]orchestrator.Value{
				"client-certificate-data": inBase64(client.Certificate),
				"client-key-data":         inBase64(client.Key),
			},
		}},
	}, nil
}

func inBase64(pem []byte) string { return base64.StdEncoding.EncodeToString(pem) }
