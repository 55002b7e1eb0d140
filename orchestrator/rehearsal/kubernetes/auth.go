package kubernetes

import (
	"crypto/subtle"
	"encoding/pem"
	"net/http"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// authenticate lets in the cluster's administrator, by token or by the
// certificate that the connection was made with.
func authenticate(cluster rehearsal.Cluster, r *http.Request) error {
	refused := rehearsal.Refuse(http.StatusUnauthorized, "Unauthorized", "Unauthorized")
	if given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token, err := cluster.Token()
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			return refused
		}
		return nil
	}
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return refused
	}
	pair, err := cluster.ClientCertificate()
	if err != nil {
		return err
	}
	block, _ := pem.Decode(pair.Certificate)
	if block == nil || subtle.ConstantTimeCompare(block.Bytes, r.TLS.PeerCertificates[0].Raw) != 1 {
		return refused
	}
	return nil
}
