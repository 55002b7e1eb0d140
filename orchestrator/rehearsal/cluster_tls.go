package rehearsal

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// certificateLife is how long a cluster's certificates are good, as those of a
// managed cluster are.
const certificateLife = 2 * 365 * 24 * time.Hour

// Pair is a certificate and its private key, both PEM.
type Pair struct{ Certificate, Key []byte }

// Derive returns size bytes that belong to the cluster and a purpose; the same
// each time.
func (c Cluster) Derive(purpose string, size int) ([]byte, error) {
	out, err := hkdf.Key(sha256.New, c.Seed, []byte(c.Server), purpose, size)
	if err != nil {
		return nil, fmt.Errorf("derive the %s of cluster %s: %w", purpose, c.Name, err)
	}
	return out, nil
}

// Token returns the administrator's bearer token.
func (c Cluster) Token() (string, error) {
	token, err := c.Derive("token", 32)
	return hex.EncodeToString(token), err
}

// Authority returns the cluster's certificate authority.
func (c Cluster) Authority() (Pair, error) {
	template, key, err := c.authority()
	if err != nil {
		return Pair{}, err
	}
	return sign(template, template, key, key)
}

// ClientCertificate returns the administrator's certificate.
func (c Cluster) ClientCertificate() (Pair, error) {
	template := c.template(2, pkix.Name{CommonName: "masterclient", Organization: []string{"system:masters"}})
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return c.issue(template, "client key")
}

// ServerCertificate returns a certificate for serving the cluster's API at hosts
// (names or addresses), for a rehearsal that is served over TLS.
func (c Cluster) ServerCertificate(hosts ...string) (Pair, error) {
	template := c.template(3, pkix.Name{CommonName: "apiserver"})
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return c.issue(template, "server key")
}

func (c Cluster) issue(template *x509.Certificate, purpose string) (Pair, error) {
	ca, caKey, err := c.authority()
	if err != nil {
		return Pair{}, err
	}
	key, err := c.key(purpose)
	if err != nil {
		return Pair{}, err
	}
	return sign(template, ca, key, caKey)
}

func (c Cluster) authority() (*x509.Certificate, ed25519.PrivateKey, error) {
	key, err := c.key("authority key")
	if err != nil {
		return nil, nil, err
	}
	template := c.template(1, pkix.Name{CommonName: "ca"})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	template.SubjectKeyId = key.Public().(ed25519.PublicKey)[:20]
	return template, key, nil
}

func (c Cluster) key(purpose string) (ed25519.PrivateKey, error) {
	seed, err := c.Derive(purpose, ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

func (c Cluster) template(serial int64, subject pkix.Name) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: subject,
		NotBefore: c.CreatedAt.Add(-time.Hour), NotAfter: c.CreatedAt.Add(certificateLife),
	}
}

// sign issues the certificate. Ed25519 signatures depend on nothing but key and
// text, so the same cluster yields the same bytes each time.
func sign(template, parent *x509.Certificate, key, parentKey ed25519.PrivateKey) (Pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return Pair{}, fmt.Errorf("issue certificate %s: %w", template.Subject.CommonName, err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("write key of %s: %w", template.Subject.CommonName, err)
	}
	return Pair{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}, nil
}
