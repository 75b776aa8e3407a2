package deploy

import (
	"crypto/x509"
	"fmt"
	"os"

	"threepid-conformance/harness/config"
)

// Roots are the certificate authorities that clients of the homeserver trust,
// nil for the system's.
func Roots(c config.Config) (*x509.CertPool, error) {
	if c.URLCA == "" {
		return nil, nil
	}
	path := c.Path(c.URLCA)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the certificate authority of the homeserver's URL cannot be read: %w; correct url_ca", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("url_ca is %s, which has no PEM certificate in it", path)
	}
	return roots, nil
}
