package rehearsal

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClusterSpeaksMutualTLS(t *testing.T) {
	now := time.Now()
	cluster := NewCluster("https://127.0.0.1:1", "one", "owner", now, now)
	stranger := NewCluster("https://127.0.0.1:1", "one", "owner", now, now)

	tests := map[string]struct {
		reason string
		client Cluster
		want   string
	}{
		"OwnCertificate":      {"the administrator's certificate is signed by the cluster's authority", cluster, "masterclient"},
		"StrangerCertificate": {"another cluster's certificate is refused in the handshake", stranger, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := serveTLS(t, cluster)
			got := getOverTLS(t, server, cluster, test.client)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s: answer (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

func serveTLS(t *testing.T, cluster Cluster) *httptest.Server {
	t.Helper()
	pair, err := cluster.ServerCertificate("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{keyPair(t, pair)}, ClientCAs: authorities(t, cluster), ClientAuth: tls.RequireAndVerifyClientCert,
	}
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// getOverTLS returns the body, or nothing when the handshake is refused.
func getOverTLS(t *testing.T, server *httptest.Server, cluster, as Cluster) string {
	t.Helper()
	pair, err := as.ClientCertificate()
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: authorities(t, cluster), Certificates: []tls.Certificate{keyPair(t, pair)},
	}}}
	response, err := client.Get(server.URL)
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func keyPair(t *testing.T, pair Pair) tls.Certificate {
	t.Helper()
	certificate, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func authorities(t *testing.T, cluster Cluster) *x509.CertPool {
	t.Helper()
	ca, err := cluster.Authority()
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca.Certificate) {
		t.Fatal("the authority's certificate is not PEM")
	}
	return pool
}

func TestClusterGoesWithWhatIsInside(t *testing.T) {
	ctx := context.Background()
	world := New(Config{})
	cluster := NewCluster("https://k:443", "k", "vm-1", time.Now(), time.Now())
	err := world.State.Update(ctx, func(tx Tx) error {
		if err := PutCluster(tx, cluster); err != nil {
			return err
		}
		return tx.Put(Object{Cloud: KubernetesCloud, Kind: "v1/Secret", ID: "x", Scope: cluster.Server, Listed: true})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := world.State.Update(ctx, func(tx Tx) error { return DeleteCluster(tx, cluster.Server) }); err != nil {
		t.Fatal(err)
	}
	var left []Object
	err = world.State.View(ctx, func(tx Tx) error {
		left, err = tx.List(Query{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Object(nil), left); diff != "" {
		t.Errorf("objects left (-want +got):\n%s", diff)
	}
}
