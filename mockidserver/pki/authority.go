// Package pki has the certificate authority of the mock identity server, which
// outlives its runs, and the certificates it issues, good and bad.
package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
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
	key  *ecdsa.PrivateKey
}

// Open loads the authority of a folder, or makes one if there is none yet. Any
// number of processes may open a new folder at once; they get the same one.
func Open(dir string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("the folder of the CA: %w", err)
	}
	bundle, err := os.ReadFile(filepath.Join(dir, KeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		if bundle, err = makeBundle(); err != nil {
			return nil, fmt.Errorf("a new CA: %w", err)
		}
		bundle, err = WriteOnce(filepath.Join(dir, KeyFile), bundle)
	}
	if err != nil {
		return nil, fmt.Errorf("the key of the CA: %w", err)
	}
	a, err := parseBundle(bundle)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; delete it to get a new CA, which homeservers then have to trust anew", filepath.Join(dir, KeyFile), err)
	}
	a.dir = dir
	return a, a.publish()
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

// publish writes the certificate alone, unless it is there.
func (a *Authority) publish() error {
	if now, err := os.ReadFile(a.Path()); err == nil && bytes.Equal(now, a.PEM()) {
		return nil
	}
	if err := replaceFile(a.Path(), a.PEM(), 0o644); err != nil {
		return fmt.Errorf("the certificate of the CA: %w", err)
	}
	return nil
}

// newAuthority makes an authority that lives in memory.
func newAuthority(name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := serialNumber()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-backdate),
		NotAfter:              time.Now().Add(lifetime),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &Authority{cert: cert, key: key}, err
}

func makeBundle() ([]byte, error) {
	a, err := newAuthority("mockidserver CA")
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(a.key)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), a.PEM()...), nil
}

func parseBundle(bundle []byte) (*Authority, error) {
	keyBlock, rest := pem.Decode(bundle)
	if keyBlock == nil {
		return nil, errors.New("it has no key")
	}
	certBlock, _ := pem.Decode(rest)
	if certBlock == nil {
		return nil, errors.New("it has no certificate")
	}
	key, err := x509.ParseECPrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return nil, err
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, errors.New("key and certificate do not belong together")
	}
	if time.Now().After(cert.NotAfter) {
		return nil, fmt.Errorf("the certificate ended %s", cert.NotAfter.Format(time.DateOnly))
	}
	return &Authority{cert: cert, key: key}, nil
}

func serialNumber() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
}
