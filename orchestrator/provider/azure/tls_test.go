package azure_test

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator/provider/azure"
	"github.com/slipwayhq/slipway/orchestrator/provider/providertest"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	arm "github.com/slipwayhq/slipway/orchestrator/rehearsal/azure"
)

// TestOverTLS speaks to the rehearsal's ARM over a socket, by the endpoints that
// a blueprint names.
func TestOverTLS(t *testing.T) {
	world := rehearsal.New(rehearsal.Config{})
	server := httptest.NewTLSServer(arm.New(world))
	defer server.Close()
	authorities := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	providertest.Must(t, os.WriteFile(authorities, certificate, 0o600))
	t.Setenv("SSL_CERT_FILE", authorities)

	b := &bench{T: t, world: world}
	b.engine = providertest.New(providertest.Dialled(azure.New(azure.Options{EndpointHosts: []string{"127.0.0.1"}})))
	nodes := baseNetwork()
	for _, self := range nodes {
		config := self.Properties["client_config"].(values)
		config["tenant_id"] = "11111111-2222-3333-4444-555555555555"
		config["endpoint_resource_manager"], config["endpoint_active_directory"] = server.URL, server.URL
	}
	b.install(nodes...)
	if diff := cmp.Diff(baseListed, b.listed()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	b.uninstall(nodes...)
	if diff := cmp.Diff([]string(nil), b.listed()); diff != "" {
		t.Errorf("resources left (-want +got):\n%s", diff)
	}
}
