package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
)

// TestRoutesByRole asks every route as everybody: nobody gets in without a
// name, and nobody below the route's role.
func TestRoutesByRole(t *testing.T) {
	s := newSite(t)
	roles := []orchestrator.Role{"", orchestrator.Viewer, orchestrator.User, orchestrator.Operator, orchestrator.Admin, "made-up"}
	for _, r := range routes() {
		t.Run(r.method+" "+r.path, func(t *testing.T) {
			if r.role == "" {
				t.Fatal("the route has no role")
			}
			path := strings.NewReplacer(":id", "absent", ":key", "absent").Replace(r.path)
			for _, role := range roles {
				got := s.ask(role, r.method, path, "{}").status
				switch {
				case role == "":
					if got != http.StatusUnauthorized {
						t.Errorf("nobody was answered %d", got)
					}
				case !role.AtLeast(r.role):
					if got != http.StatusForbidden {
						t.Errorf("role %s was answered %d, though %s is needed", role, got, r.role)
					}
				case got == http.StatusUnauthorized || got == http.StatusForbidden || got >= http.StatusInternalServerError:
					t.Errorf("role %s was answered %d", role, got)
				}
			}
		})
	}
}

func TestUnknownRoutes(t *testing.T) {
	s := newSite(t)
	cases := map[string]struct {
		reason, method, path, code string
		status                     int
	}{
		"ErrUnknown":     {reason: "what is not there is said in JSON", method: http.MethodGet, path: v31 + "/snapshots", status: http.StatusNotFound, code: "not_found_error"},
		"ErrMethod":      {reason: "so is a method that is not there", method: http.MethodPatch, path: v31 + "/status", status: http.StatusMethodNotAllowed, code: "method_not_allowed_error"},
		"ErrOtherVerson": {reason: "other versions of the contract are not spoken", method: http.MethodGet, path: "/api/v2/status", status: http.StatusNotFound, code: "not_found_error"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := s.ask(orchestrator.Admin, tc.method, tc.path, "")
			var object errorObject
			got.want(tc.status).read(&object)
			if object.Code != tc.code || object.Message == "" {
				t.Errorf("%s: got %+v", tc.reason, object)
			}
		})
	}
}
