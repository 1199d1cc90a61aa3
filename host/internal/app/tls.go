package app

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
)

// serverTLS returns what backend.https asks for, nil for plain HTTP. Faults:
// Invalid (no certificate, or one that does not fit its key).
func serverTLS(c config.HTTPS) (*tls.Config, error) {
	if !c.Enabled {
		return nil, nil //nolint:nilnil // plain HTTP has no configuration
	}
	if c.Certificate.Cert == "" {
		return nil, fault.New(fault.Invalid, "backend.https needs a certificate: set backend.https.certificate.cert and key, each with $file; a self-signed one is not made in this version")
	}
	pair, err := tls.X509KeyPair([]byte(c.Certificate.Cert), []byte(c.Certificate.Key.Reveal()))
	if err != nil {
		return nil, fault.New(fault.Invalid, "backend.https.certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}, nil
}

// databaseTLS returns the certificates of backend.database.connection.ssl,
// which do not fit into a URL; nil when there are none. Fault: Invalid.
func databaseTLS(c config.SSL) (*tls.Config, error) {
	if !c.Enabled || c.CA == "" && c.Cert == "" {
		return nil, nil //nolint:nilnil // the URL says everything
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: !c.RejectUnauthorized} //nolint:gosec // the operator asks for it by name
	if c.CA != "" {
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM([]byte(c.CA)) {
			return nil, fault.New(fault.Invalid, "backend.database.connection.ssl.ca holds no certificate in PEM")
		}
	}
	if c.Cert != "" {
		pair, err := tls.X509KeyPair([]byte(c.Cert), []byte(c.Key.Reveal()))
		if err != nil {
			return nil, fault.New(fault.Invalid, "backend.database.connection.ssl.cert: %w", err)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}
