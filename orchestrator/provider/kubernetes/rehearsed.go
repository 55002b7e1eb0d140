package kubernetes

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"

	"k8s.io/client-go/rest"

	"github.com/slipwayhq/slipway/orchestrator"
)

// rehearsed returns the config with the rehearsal's transport in the place of
// TLS. What a handshake would have proved is proved here: the authority is one,
// certificate and key belong together. The certificate then goes along with
// each request as the connection's.
func rehearsed(config *rest.Config, transport http.RoundTripper) (*rest.Config, error) {
	out := rest.CopyConfig(config)
	material := out.TLSClientConfig
	out.TLSClientConfig = rest.TLSClientConfig{}
	if len(material.CAData) > 0 && !x509.NewCertPool().AppendCertsFromPEM(material.CAData) {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "the kubeconfig's certificate authority is not a PEM certificate")
	}
	out.Transport = transport
	if len(material.CertData) == 0 {
		return out, nil
	}
	pair, err := tls.X509KeyPair(material.CertData, material.KeyData)
	if err != nil {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "the kubeconfig's client certificate and key do not belong together").Wrap(err)
	}
	out.Transport = certified{transport, pair.Leaf}
	return out, nil
}

// certified tells the far end which certificate the connection was made with.
type certified struct {
	next        http.RoundTripper
	certificate *x509.Certificate
}

func (c certified) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c.certificate}}
	return c.next.RoundTrip(request)
}
