package kubernetes

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// bodyLimit is what a real API server takes in one request.
const bodyLimit = 3 << 20

const applyPatch = "application/apply-patch+yaml"

// act is one request for an object while it is carried out.
type act struct {
	*rehearsal.Served
	world   *rehearsal.World
	cluster rehearsal.Cluster
	target  target
	query   url.Values
	body    document
}

// answer is what goes out once the act is committed; a nil document is a delete
// that is done.
type answer struct {
	status   int
	document any
}

// serve carries the request out in one transaction and answers after it.
func (a *API) serve(w http.ResponseWriter, r *http.Request, cluster rehearsal.Cluster, t target) error {
	do, err := choose(r, t)
	if err != nil {
		return err
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	var out answer
	err = a.world.Serve(r.Context(), rehearsal.KubernetesCloud, r.Method+" "+t.kind.String(), func(s *rehearsal.Served) error {
		s.ID = t.id(cluster.Server)
		out, err = do(&act{Served: s, world: a.world, cluster: cluster, target: t, query: r.URL.Query(), body: body})
		return err
	})
	if err != nil {
		return err
	}
	if out.document == nil {
		writeGone(w, t)
		return nil
	}
	rehearsal.WriteJSON(w, out.status, out.document)
	return nil
}

// choose finds what a method does to a target.
func choose(r *http.Request, t target) (func(*act) (answer, error), error) {
	one := t.name != ""
	switch {
	case r.URL.Query().Get("watch") == "true":
		return nil, rehearsal.Refuse(http.StatusNotImplemented, "NotImplemented", "the rehearsal serves no watches")
	case r.Method == http.MethodGet && one:
		return (*act).get, nil
	case r.Method == http.MethodGet:
		return (*act).list, nil
	case r.Method == http.MethodPost && !one:
		return (*act).create, nil
	case r.Method == http.MethodPut && one:
		return (*act).replace, nil
	case r.Method == http.MethodDelete && one:
		return (*act).remove, nil
	case r.Method == http.MethodPatch && one && strings.HasPrefix(r.Header.Get("Content-Type"), applyPatch):
		return (*act).apply, nil
	case r.Method == http.MethodPatch && one:
		return nil, rehearsal.Refuse(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "the rehearsal serves only server-side apply patches, not %s", r.Header.Get("Content-Type"))
	default:
		return nil, rehearsal.Refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "the server does not allow %s here", r.Method)
	}
}

// readBody reads JSON or YAML; every number becomes a float64, as JSON has it.
func readBody(r *http.Request) (document, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit+1))
	if err != nil {
		return nil, rehearsal.Refuse(http.StatusBadRequest, "BadRequest", "read request: %v", err)
	}
	if len(text) > bodyLimit {
		return nil, rehearsal.Refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "limit is %d", bodyLimit)
	}
	var parsed map[string]any
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		return nil, rehearsal.Refuse(http.StatusBadRequest, "BadRequest", "error decoding the request: %v", err)
	}
	return plain(parsed)
}

// plain turns a tree into what encoding/json would have read.
func plain(tree map[string]any) (document, error) {
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	var out document
	if err := json.Unmarshal(text, &out); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	return out, nil
}
