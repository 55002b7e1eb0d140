package kubernetes

import (
	"net/http"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// target is what a path names: a kind, and an object of it unless name is empty.
type target struct {
	kind            kind
	namespace, name string
}

// id is what `rehearsal list` shows. The group of core kinds is empty.
func (t target) id(server string) string {
	return strings.Join([]string{server, t.kind.group, t.kind.version, t.kind.name, t.namespace, t.name}, "/")
}

func notFound(format string, args ...any) error {
	return rehearsal.Refuse(http.StatusNotFound, "NotFound", format, args...)
}

// parsePath reads /api/v1/… and /apis/<group>/<version>/….
func parsePath(path string) (target, error) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	var group string
	switch {
	case segments[0] == "api" && len(segments) >= 3:
		segments = segments[1:]
	case segments[0] == "apis" && len(segments) >= 4:
		group, segments = segments[1], segments[2:]
	default:
		return target{}, notFound("the server could not find the requested resource %s", path)
	}
	version, rest := segments[0], segments[1:]
	var t target
	if rest[0] == "namespaces" && len(rest) >= 3 {
		t.namespace, rest = rest[1], rest[2:]
	}
	k, ok := findKind(group, version, rest[0])
	switch {
	case !ok:
		return target{}, notFound("the rehearsal serves no %s in %s/%s", rest[0], group, version)
	case len(rest) > 2:
		return target{}, rehearsal.Refuse(http.StatusNotImplemented, "NotImplemented", "the rehearsal does not serve %s of %s", rest[2], rest[0])
	case t.namespace != "" && !k.namespaced:
		return target{}, notFound("%s are not in a namespace", k.resource)
	}
	t.kind = k
	if len(rest) == 2 {
		t.name = rest[1]
	}
	if k.namespaced && t.namespace == "" && t.name != "" {
		return target{}, notFound("%s are in a namespace", k.resource)
	}
	return t, nil
}
