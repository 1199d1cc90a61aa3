package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/app/apptest"
)

// selfSigned returns a certificate for 127.0.0.1 and its key, in PEM.
func selfSigned(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	return block("CERTIFICATE", der), block("PRIVATE KEY", secret)
}

func TestHTTPS(t *testing.T) {
	cert, key := selfSigned(t)
	p := apptest.Start(t, apptest.Options{Files: map[string]string{
		"app-config.yaml": "app: {baseUrl: 'https://127.0.0.1'}\nbackend: {https: {certificate: {cert: {$file: cert.pem}, key: {$file: key.pem}}}}\n",
		"cert.pem":        cert, "key.pem": key,
	}})
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM([]byte(cert))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities}}}
	defer client.CloseIdleConnections()
	res, err := client.Get(strings.Replace(p.URL, "http:", "https:", 1) + "/healthcheck")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK || res.TLS.Version < tls.VersionTLS12 {
		t.Errorf("%d over TLS %x", res.StatusCode, res.TLS.Version)
	}
	if _, err := apptest.TryStart(t, apptest.Options{Files: map[string]string{"app-config.yaml": "backend: {https: true}\n"}}); err == nil || !strings.Contains(err.Error(), "backend.https.certificate") {
		t.Errorf("HTTPS without a certificate: %v", err)
	}
	_, otherKey := selfSigned(t)
	if _, err := apptest.TryStart(t, apptest.Options{Files: map[string]string{
		"app-config.yaml": "backend: {https: {certificate: {cert: {$file: cert.pem}, key: {$file: key.pem}}}}\n", "cert.pem": cert, "key.pem": otherKey,
	}}); err == nil || !strings.Contains(err.Error(), "backend.https.certificate") {
		t.Errorf("a key of another certificate: %v", err)
	}
}
