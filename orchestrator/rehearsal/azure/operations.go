package azure

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// operationPath is where clients ask about a change under way. What they ask
// with names the change and the resource, so that nothing is kept for it: the
// resource itself knows how far it is.
const operationPath = "/providers/Microsoft.Rehearsal/locations/global/operationStatuses/"

const (
	underPut    = "put"
	underDelete = "delete"
)

// serveOperation tells how far a change is.
func (a *API) serveOperation(w http.ResponseWriter, r *http.Request) error {
	_, token, _ := strings.Cut(r.URL.Path, operationPath)
	verb, encoded, _ := strings.Cut(token, ".")
	id, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || r.Method != http.MethodGet || verb != underPut && verb != underDelete {
		return rehearsal.Refuse(http.StatusNotFound, "OperationNotFound", "there is no such operation")
	}
	t, err := parse(string(id))
	if err != nil {
		return err
	}
	var state string
	err = a.world.State.Update(r.Context(), func(tx rehearsal.Tx) error {
		s, ok, err := (&act{Served: &rehearsal.Served{Tx: tx}, world: a.world, target: t}).load(t)
		if ok {
			state = s.state()
		}
		return err
	})
	if err != nil {
		return err
	}
	writeProgress(w, verb, state)
	return nil
}

// writeProgress answers in the way of the change: a PUT's operation has a
// status, a DELETE's location is there until the resource is not.
func writeProgress(w http.ResponseWriter, verb, state string) {
	switch {
	case verb == underDelete && state == deleting:
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusAccepted)
	case verb == underDelete:
		w.WriteHeader(http.StatusNoContent)
	case state == "" || state == deleting:
		rehearsal.WriteJSON(w, http.StatusOK, document{"status": "Canceled", "error": document{
			"code": "OperationPreempted", "message": "The resource was deleted while it was being changed.",
		}})
	case state == succeeded:
		rehearsal.WriteJSON(w, http.StatusOK, document{"status": "Succeeded"})
	default:
		w.Header().Set("Retry-After", "0")
		rehearsal.WriteJSON(w, http.StatusOK, document{"status": "InProgress"})
	}
}
