// Package azure is the far end of the azure provider in a rehearsal: Azure's
// sign-in and its resource manager (ARM) behind one http.Handler. It knows a
// table of resource types, how long each takes, what each requires of others,
// and ARM template deployments with the expressions that small templates use.
// It keeps no secret: passwords and keys in a request are checked and dropped.
// A type that the table lacks is refused by name.
//
// Resource ids are compared as ARM spells them, save for the words in between
// the names, which may be in any case. Questions about an operation under way
// are not recorded as calls.
package azure

import (
	"net/http"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

const cloudName = "azure"

// API serves the Azure of a world.
type API struct{ world *rehearsal.World }

// New returns the API. rehearsal.InProcess makes a transport of it; a server
// over TLS may serve it too.
func New(world *rehearsal.World) *API { return &API{world: world} }

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var err error
	switch {
	case !strings.HasPrefix(strings.ToLower(r.URL.Path), "/subscriptions/"):
		err = signIn(w, r)
	case !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "+tokenPrefix):
		err = rehearsal.Refuse(http.StatusUnauthorized, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing or invalid.")
	case strings.Contains(r.URL.Path, operationPath):
		err = a.serveOperation(w, r)
	default:
		err = a.serve(w, r)
	}
	if err != nil {
		writeError(w, err)
	}
}

// writeError prints a refusal in ARM's shape, and all else as Azure would.
func writeError(w http.ResponseWriter, err error) {
	refusal := rehearsal.FaultWords{
		Throttle: rehearsal.Refuse(http.StatusTooManyRequests, "TooManyRequests", "The request is being throttled as the limit has been reached."),
		Capacity: rehearsal.Refuse(http.StatusConflict, "QuotaExceeded", "Operation could not be completed as it results in exceeding approved quota."),
		Internal: "InternalServerError",
	}.Refusal(err)
	writeFailure(w, refusal.Status, refusal.Code, refusal.Message)
}

func writeFailure(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("x-ms-error-code", code)
	rehearsal.WriteJSON(w, status, failure(code, message))
}

func failure(code, message string) document {
	return document{"error": document{"code": code, "message": message}}
}
