package azure

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// bodyLimit is what ARM takes in one request.
const bodyLimit = 4 << 20

// act is one request while it is carried out.
type act struct {
	*rehearsal.Served
	world  *rehearsal.World
	target target
	body   document
	// secrets holds what the request's secret keys held, by key; it is gone when
	// the request is.
	secrets map[string]string
}

// answer is what goes out once the act is committed.
type answer struct {
	status int
	body   document // nil: none
	// under names the change that the client may ask about: "put", "delete".
	under string
}

var apiVersions = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(-preview)?$`)

// serve carries the request out in one transaction and answers after it.
func (a *API) serve(w http.ResponseWriter, r *http.Request) error {
	t, err := parse(r.URL.Path)
	if err != nil {
		return err
	}
	version := r.URL.Query().Get("api-version")
	if !apiVersions.MatchString(version) {
		return rehearsal.Refuse(http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
	}
	do, call, err := choose(r.Method, t)
	if err != nil {
		return err
	}
	body, secrets, err := readBody(r)
	if err != nil {
		return err
	}
	var out answer
	err = a.world.Serve(r.Context(), cloudName, call, func(s *rehearsal.Served) error {
		s.ID = t.id
		out, err = do(&act{Served: s, world: a.world, target: t, body: body, secrets: secrets})
		return err
	})
	if err != nil {
		return err
	}
	out.write(w, r, t, version)
	return nil
}

// choose finds what a method does to a target, and the call's name.
func choose(method string, t target) (func(*act) (answer, error), string, error) {
	call := method + " " + t.row.name
	if t.action != "" {
		call += "/" + t.action
	}
	isDeployment := t.row.name == deploymentType
	switch {
	case t.action == "listClusterAdminCredential" && t.row.name == clusterType && method == http.MethodPost:
		return (*act).listCredentials, call, nil
	case t.action == "operations" && isDeployment && method == http.MethodGet:
		return (*act).listOperations, call, nil
	case t.action != "":
		return nil, "", rehearsal.Refuse(http.StatusNotFound, "InvalidResourceType", "the rehearsal of Azure does not serve %s of %s", t.action, t.row.name)
	case method == http.MethodGet:
		return (*act).get, call, nil
	case method == http.MethodPut && isDeployment:
		return (*act).deploy, call, nil
	case method == http.MethodPut:
		return (*act).put, call, nil
	case method == http.MethodDelete:
		return (*act).remove, call, nil
	}
	return nil, "", rehearsal.Refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "the rehearsal of Azure does not serve %s here", method)
}

func (out answer) write(w http.ResponseWriter, r *http.Request, t target, version string) {
	if out.under != "" {
		asked := "https://" + r.Host + "/subscriptions/" + t.subscription + operationPath + out.under + "." +
			base64.RawURLEncoding.EncodeToString([]byte(t.id)) + "?api-version=" + version
		if out.under == underDelete {
			w.Header().Set("Location", asked)
		} else {
			w.Header().Set("Azure-AsyncOperation", asked)
		}
	}
	if out.body == nil {
		w.WriteHeader(out.status)
		return
	}
	rehearsal.WriteJSON(w, out.status, out.body)
}

// readBody reads a JSON object and takes its secrets out.
func readBody(r *http.Request) (document, map[string]string, error) {
	content, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit+1))
	if err != nil || len(content) > bodyLimit {
		return nil, nil, rehearsal.Refuse(http.StatusBadRequest, "InvalidRequestContent", "The request content could not be read.")
	}
	body := document{}
	if len(content) == 0 {
		return body, nil, nil
	}
	if err := json.Unmarshal(content, &body); err != nil {
		return nil, nil, rehearsal.Refuse(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized.")
	}
	secrets := map[string]string{}
	takeSecrets(body, "", secrets)
	return body, secrets, nil
}

// writeOnly are keys that ARM takes and never shows.
var writeOnly = []string{"adminPassword", "administratorLoginPassword", "secret", "customData", "userData", "protectedSettings"}

// takeSecrets moves the values of write-only keys out of a body. A template's
// text stays: its parameters hold the values, and are dropped by type.
func takeSecrets(value any, at string, secrets map[string]string) {
	switch value := value.(type) {
	case document:
		for key, item := range value {
			if s, ok := item.(string); ok && isWriteOnly(key) && !strings.HasPrefix(s, "[") {
				secrets[strings.ToLower(key)] = s
				delete(value, key)
				continue
			}
			takeSecrets(item, key, secrets)
		}
	case []any:
		for _, item := range value {
			takeSecrets(item, at, secrets)
		}
	}
}

func isWriteOnly(key string) bool {
	for _, name := range writeOnly {
		if strings.EqualFold(name, key) {
			return true
		}
	}
	return false
}
