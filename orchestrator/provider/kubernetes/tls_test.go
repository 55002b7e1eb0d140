package kubernetes_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator/provider/kubernetes"
	"github.com/slipwayhq/slipway/orchestrator/provider/providertest"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	cluster "github.com/slipwayhq/slipway/orchestrator/rehearsal/kubernetes"
)

func TestOverTLS(t *testing.T) {
	world := rehearsal.New(rehearsal.Config{})
	listener := httptest.NewUnstartedServer(cluster.New(world))
	url := "https://" + listener.Listener.Addr().String()
	one := rehearsal.NewCluster(url, "one", "owner", time.Now(), time.Now())
	providertest.Must(t, world.State.Update(t.Context(), func(tx rehearsal.Tx) error { return rehearsal.PutCluster(tx, one) }))
	listener.TLS = serverSide(t, one)
	listener.StartTLS()
	defer listener.Close()
	kubeconfig, err := one.Kubeconfig()
	providertest.Must(t, err)

	b := &bench{T: t, world: world, engine: providertest.New(providertest.Dialled(kubernetes.New(kubernetes.Options{}))), kubeconfig: kubeconfig, cluster: one}
	nodes := b.website()
	for _, node := range nodes {
		providertest.Must(t, b.do(node, "create"))
		providertest.Must(t, b.do(node, "read"))
	}
	if got := len(b.listed()); got != len(nodes) {
		t.Errorf("%d objects over TLS, want %d", got, len(nodes))
	}
	for i := range nodes {
		providertest.Must(t, b.do(nodes[len(nodes)-1-i], "delete"))
	}
	if diff := cmp.Diff([]string(nil), b.listed()); diff != "" {
		t.Errorf("objects left (-want +got):\n%s", diff)
	}
}

func serverSide(t *testing.T, one rehearsal.Cluster) *tls.Config {
	t.Helper()
	pair, err := one.ServerCertificate("127.0.0.1")
	providertest.Must(t, err)
	certificate, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	providertest.Must(t, err)
	ca, err := one.Authority()
	providertest.Must(t, err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.Certificate)
	return &tls.Config{Certificates: []tls.Certificate{certificate}, ClientCAs: pool, ClientAuth: tls.VerifyClientCertIfGiven}
}
