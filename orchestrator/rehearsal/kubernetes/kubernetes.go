// Package kubernetes is the far end of the kubernetes provider in a rehearsal:
// the APIs of all clusters of the World behind one http.Handler, told apart by
// host. It knows authentication, discovery, objects with server-side apply,
// namespaces, and how long things take; it runs no container, serves no watch,
// and refuses by name whatever it does not know. Discovery is not recorded as a
// call; everything else is.
//
// Server-side apply is a simple one: maps merge by key, lists are replaced as a
// whole, and a field belongs to the managers that applied it.
package kubernetes

import (
	"net/http"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// API serves every cluster of a world.
type API struct{ world *rehearsal.World }

// New returns the API of the world's clusters. rehearsal.InProcess makes a
// transport of it; a server over TLS with client certificates may serve it too.
func New(world *rehearsal.World) *API { return &API{world: world} }

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cluster, err := a.admit(r)
	if err == nil {
		err = a.route(w, r, cluster)
	}
	if err != nil {
		writeError(w, err)
	}
}

// admit finds the cluster that the request is for and checks who asks.
func (a *API) admit(r *http.Request) (rehearsal.Cluster, error) {
	var cluster rehearsal.Cluster
	var known bool
	err := a.world.State.View(r.Context(), func(tx rehearsal.Tx) (err error) {
		cluster, known, err = findByHost(tx, r.Host)
		return err
	})
	switch {
	case err != nil:
		return cluster, err
	case !known:
		return cluster, rehearsal.Refuse(http.StatusServiceUnavailable, "ServiceUnavailable", "no cluster of the rehearsal answers at %s", r.Host)
	case !a.world.Due(cluster.ReadyAt):
		panic(http.ErrAbortHandler) // nothing listens there yet
	}
	return cluster, authenticate(cluster, r)
}

// findByHost looks a cluster up as clients name it, with or without the port.
func findByHost(tx rehearsal.Tx, host string) (rehearsal.Cluster, bool, error) {
	for _, server := range []string{"https://" + host, "https://" + host + ":443"} {
		cluster, ok, err := rehearsal.FindCluster(tx, server)
		if err != nil || ok {
			return cluster, ok, err
		}
	}
	return rehearsal.Cluster{}, false, nil
}

func (a *API) route(w http.ResponseWriter, r *http.Request, cluster rehearsal.Cluster) error {
	if document, ok := discover(r.URL.Path, cluster); ok && r.Method == http.MethodGet {
		rehearsal.WriteJSON(w, http.StatusOK, document)
		return nil
	}
	target, err := parsePath(r.URL.Path)
	if err != nil {
		return err
	}
	return a.serve(w, r, cluster, target)
}

// writeError prints a refusal as a Status, and all else as an API server would.
func writeError(w http.ResponseWriter, err error) {
	refusal := rehearsal.FaultWords{
		Throttle: rehearsal.Refuse(http.StatusTooManyRequests, "TooManyRequests", "the server has received too many requests and has asked us to try again later"),
		Capacity: rehearsal.Refuse(http.StatusForbidden, "Forbidden", "exceeded quota"),
		Internal: "InternalError",
	}.Refusal(err)
	writeStatus(w, refusal.Status, refusal.Code, refusal.Message)
}
