package kubernetes

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// stored is how the world keeps an object.
type stored struct {
	Object  document `json:"object"`
	Applied applied  `json:"applied,omitempty"`
	// ReadyAt is when what the object asks for will be there: pods up, an
	// address assigned.
	ReadyAt time.Time `json:"ready_at"`
	// GoneAt is when a deletion that takes a while is done; zero while alive.
	GoneAt time.Time `json:"gone_at,omitzero"`
	// VisibleAt is when reads begin to show it, after a late effect.
	VisibleAt time.Time `json:"visible_at,omitzero"`
	// Address is what a load balancer leased.
	Address string `json:"address,omitempty"`
	// listed is the state word that the world's list shows.
	listed string
}

// load reads an object; one whose deletion is done is removed and not found.
func (a *act) load(t target) (stored, bool, error) {
	found, ok, err := a.Get(rehearsal.KubernetesCloud, t.kind.String(), t.id(a.cluster.Server))
	if err != nil || !ok {
		return stored{}, false, err
	}
	object, err := open(a.cluster, t.kind, found.Body)
	if err != nil {
		return stored{}, false, err
	}
	object.listed = found.State
	if !object.GoneAt.IsZero() && a.world.Due(object.GoneAt) {
		return stored{}, false, a.erase(t, object)
	}
	return object, true, nil
}

// save writes an object as the world lists it.
func (a *act) save(t target, s stored) error {
	body, err := seal(a.cluster, t.kind, s)
	if err != nil {
		return err
	}
	now := a.world.Now()
	created, err := time.Parse(time.RFC3339, text(s.Object, "metadata", "creationTimestamp"))
	if err != nil {
		return fmt.Errorf("read creation time of %s: %w", t.id(a.cluster.Server), err)
	}
	a.Deployment = deploymentOf(s.Object)
	return a.Put(rehearsal.Object{
		Cloud: rehearsal.KubernetesCloud, Kind: t.kind.String(), ID: t.id(a.cluster.Server), Name: t.name,
		Scope: a.cluster.Server, Listed: true, State: stateWord(t.kind, s, now),
		Deployment: deploymentOf(s.Object), Instance: text(s.Object, "metadata", "labels", "slipway.dev/instance"),
		Body: body, CreatedAt: created, UpdatedAt: now,
	})
}

func deploymentOf(object document) string {
	return text(object, "metadata", "annotations", "slipway.dev/deployment")
}

// erase removes the object at last, a namespace with everything in it.
func (a *act) erase(t target, s stored) error {
	if s.Address != "" {
		if err := rehearsal.ReleaseAddress(a.Tx, s.Address); err != nil {
			return err
		}
	}
	if isNamespace(t.kind) {
		if err := a.empty(t.name); err != nil {
			return err
		}
	}
	return a.Delete(rehearsal.KubernetesCloud, t.kind.String(), t.id(a.cluster.Server))
}

// empty removes everything in a namespace.
func (a *act) empty(namespace string) error {
	for _, k := range kinds {
		if !k.namespaced {
			continue
		}
		inside, err := a.stored(target{kind: k, namespace: namespace})
		if err != nil {
			return err
		}
		for _, each := range inside {
			if err := a.erase(each.target, each.stored); err != nil {
				return err
			}
		}
	}
	return nil
}

// placed is a stored object with its name.
type placed struct {
	target
	stored
}

// stored lists the objects of t's kind, in its namespace unless that is empty.
func (a *act) stored(t target) ([]placed, error) {
	found, err := a.List(rehearsal.Query{Cloud: rehearsal.KubernetesCloud, Kind: t.kind.String(), Scope: a.cluster.Server})
	if err != nil {
		return nil, err
	}
	var out []placed
	for _, each := range found {
		s, err := open(a.cluster, t.kind, each.Body)
		if err != nil {
			return nil, err
		}
		at := target{kind: t.kind, namespace: text(s.Object, "metadata", "namespace"), name: each.Name}
		gone := !s.GoneAt.IsZero() && a.world.Due(s.GoneAt)
		if !gone && (t.namespace == "" || t.namespace == at.namespace) {
			out = append(out, placed{at, s})
		}
	}
	return out, nil
}

// sealed is how a Secret is kept: encrypted at rest with a key of its cluster,
// as an API server with an EncryptionConfiguration does.
type sealed struct {
	Sealed []byte `json:"sealed"`
}

func seal(cluster rehearsal.Cluster, k kind, s stored) ([]byte, error) {
	body, err := json.Marshal(s)
	if err != nil || !isSecret(k) {
		return body, err
	}
	box, err := boxOf(cluster)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	return json.Marshal(sealed{box.Seal(nonce, nonce, body, nil)})
}

func open(cluster rehearsal.Cluster, k kind, body []byte) (stored, error) {
	var s stored
	if isSecret(k) {
		var err error
		if body, err = unseal(cluster, body); err != nil {
			return s, fmt.Errorf("read secret: %w", err)
		}
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return s, fmt.Errorf("read %s: %w", k, err)
	}
	return s, nil
}

func unseal(cluster rehearsal.Cluster, body []byte) ([]byte, error) {
	var kept sealed
	if err := json.Unmarshal(body, &kept); err != nil {
		return nil, err
	}
	box, err := boxOf(cluster)
	if err != nil {
		return nil, err
	}
	if len(kept.Sealed) < box.NonceSize() {
		return nil, fmt.Errorf("sealed text is too short")
	}
	return box.Open(nil, kept.Sealed[:box.NonceSize()], kept.Sealed[box.NonceSize():], nil)
}

func boxOf(cluster rehearsal.Cluster) (cipher.AEAD, error) {
	key, err := cluster.Derive("encryption at rest", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
