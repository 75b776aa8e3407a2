// Package pki has the certificate authority of the mock identity server, which
// outlives its runs, and the certificates it issues, good and bad.
package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Names of the files in an authority's folder.
const (
	CAFile  = "ca.pem"     // the certificate: what a homeserver has to trust
	KeyFile = "ca.key.pem" // key and certificate in one file, so that they cannot disagree
)

// lifetime of an authority. Leaves are issued at every start.
const lifetime = 10 * 365 * 24 * time.Hour

// backdate allows for clocks that are behind ours.
const backdate = time.Hour

// Authority is a certificate authority whose key is in a folder.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  crypto.PrivateKey
}

// Open loads the authority of a folder, or makes one if there is none yet. Any
// number of processes may open a new folder at once; they get the same one.
func Open(dir string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("the folder of the CA: %w", err)
	}
	file := filepath.Join(dir, KeyFile)
	bundle, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if bundle, err = newBundle(); err != nil {
			return nil, fmt.Errorf("a new CA: %w", err)
		}
		bundle, err = WriteOnce(file, bundle)
	}
	if err != nil {
		return nil, fmt.Errorf("the key of the CA: %w", err)
	}
	pair, err := tls.X509KeyPair(bundle, bundle)
	if err == nil && time.Now().After(pair.Leaf.NotAfter) {
		err = fmt.Errorf("the certificate ended %s", pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; delete it to get a new CA, which homeservers then have to trust anew", file, err)
	}
	a := &Authority{dir: dir, cert: pair.Leaf, key: pair.PrivateKey}
	if published, err := os.ReadFile(a.Path()); err == nil && bytes.Equal(published, a.PEM()) {
		return a, nil
	}
	if err := replaceFile(a.Path(), a.PEM(), 0o644); err != nil {
		return nil, fmt.Errorf("the certificate of the CA: %w", err)
	}
	return a, nil
}

// Path is the file with the authority's certificate, for SSL_CERT_FILE.
func (a *Authority) Path() string { return filepath.Join(a.dir, CAFile) }

// PEM is the authority's certificate.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// Pool trusts this authority and no other.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// newAuthority makes an authority that lives in memory.
func newAuthority() (*Authority, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "mockidserver CA"},
		NotBefore:             time.Now().Add(-backdate),
		NotAfter:              time.Now().Add(lifetime),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &Authority{cert: cert, key: key}, key, err
}

// newBundle has key and certificate of a new authority.
func newBundle() ([]byte, error) {
	a, key, err := newAuthority()
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), a.PEM()...), nil
}
