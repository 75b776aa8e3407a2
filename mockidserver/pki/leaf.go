package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"time"
)

// leafLifetime is longer than any run and shorter than what TLS clients accept
// at most.
const leafLifetime = 90 * 24 * time.Hour

// Defect is what is wrong with a certificate.
type Defect int

// Defects.
const (
	Sound       Defect = iota
	WrongCA            // issued by an authority nobody trusts, with the same name
	SelfSigned         // issued by itself
	Expired            // ended yesterday
	NotYetValid        // begins tomorrow
	WrongName          // for another host
)

// Issue makes a server certificate for names and IP addresses, which stand in
// its SAN, with at most one defect.
func (a *Authority) Issue(hosts []string, defect Defect) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "mockidserver"},
		NotBefore:   time.Now().Add(-backdate),
		NotAfter:    time.Now().Add(leafLifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}

	parent, signer := a.cert, a.key
	day := 24 * time.Hour
	switch defect {
	case Sound:
	case WrongCA:
		stranger, _, err := newAuthority()
		if err != nil {
			return tls.Certificate{}, err
		}
		parent, signer = stranger.cert, stranger.key
	case SelfSigned:
		parent, signer = template, key
	case Expired:
		template.NotBefore, template.NotAfter = time.Now().Add(-30*day), time.Now().Add(-day)
	case NotYetValid:
		template.NotBefore, template.NotAfter = time.Now().Add(day), time.Now().Add(30*day)
	case WrongName:
		template.DNSNames, template.IPAddresses = []string{"another-host.invalid"}, nil
	default:
		return tls.Certificate{}, fmt.Errorf("unknown defect %d", defect)
	}

	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate for %v: %w", hosts, err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
