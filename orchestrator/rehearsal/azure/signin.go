package azure

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// tokenPrefix begins every access token that sign-in hands out.
const tokenPrefix = "rehearsal-"

// tokenSeconds is how long an access token is good.
const tokenSeconds = 3600

// signIn answers what a client asks of the sign-in service: which authority is
// which, where its endpoints are, and for a token. Any credentials will do,
// since those of a rehearsal are placeholders.
func signIn(w http.ResponseWriter, r *http.Request) error {
	segments := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	base := "https://" + r.Host + "/"
	switch {
	case strings.HasSuffix(r.URL.Path, "/discovery/instance"):
		tenant := "common"
		if asked := strings.Split(r.URL.Query().Get("authorization_endpoint"), "/"); len(asked) > 3 {
			tenant = asked[3]
		}
		rehearsal.WriteJSON(w, http.StatusOK, document{
			"tenant_discovery_endpoint": base + tenant + "/v2.0/.well-known/openid-configuration",
			"api-version":               "1.1",
			"metadata": []any{document{
				"preferred_network": r.Host, "preferred_cache": r.Host, "aliases": []any{r.Host},
			}},
		})
		return nil
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		tenant := base + segments[0]
		rehearsal.WriteJSON(w, http.StatusOK, document{
			"issuer": tenant + "/v2.0", "authorization_endpoint": tenant + "/oauth2/v2.0/authorize",
			"token_endpoint": tenant + "/oauth2/v2.0/token", "jwks_uri": tenant + "/discovery/v2.0/keys",
		})
		return nil
	case strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") && r.Method == http.MethodPost:
		return giveToken(w, r, segments[0])
	}
	return rehearsal.Refuse(http.StatusNotFound, "NotFound", "the rehearsal of Azure does not serve %s", r.URL.Path)
}

func giveToken(w http.ResponseWriter, r *http.Request, tenant string) error {
	if err := r.ParseForm(); err != nil {
		return rehearsal.Refuse(http.StatusBadRequest, "invalid_request", "the form cannot be read")
	}
	client := r.PostForm.Get("client_id")
	if client == "" || r.PostForm.Get("client_secret") == "" || r.PostForm.Get("grant_type") != "client_credentials" {
		rehearsal.WriteJSON(w, http.StatusUnauthorized, document{"error": "invalid_client", "error_description": "client_id and client_secret are needed"})
		return nil
	}
	sum := sha256.Sum256([]byte(tenant + "\x00" + client))
	rehearsal.WriteJSON(w, http.StatusOK, document{
		"token_type": "Bearer", "expires_in": tokenSeconds, "ext_expires_in": tokenSeconds,
		"access_token": tokenPrefix + hex.EncodeToString(sum[:]),
	})
	return nil
}
