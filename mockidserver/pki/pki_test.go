package pki_test

import (
	"bytes"
	"crypto/x509"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"threepid-conformance/mockidserver/pki"
)

func leaf(t *testing.T, a *pki.Authority, hosts []string, defect pki.Defect) *x509.Certificate {
	t.Helper()
	issued, err := a.Issue(hosts, defect)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(issued.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func open(t *testing.T, dir string) *pki.Authority {
	t.Helper()
	a, err := pki.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAuthorityPersists(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	first, second := open(t, dir), open(t, dir)
	if !bytes.Equal(first.PEM(), second.PEM()) {
		t.Error("the second run has another CA")
	}
	published, err := os.ReadFile(first.Path())
	if err != nil || !bytes.Equal(published, first.PEM()) || bytes.Contains(published, []byte("PRIVATE")) {
		t.Errorf("the published file holds %s, %v", published, err)
	}
	if _, err := leaf(t, second, []string{"localhost"}, pki.Sound).Verify(x509.VerifyOptions{Roots: first.Pool(), DNSName: "localhost"}); err != nil {
		t.Errorf("who trusts the first run does not trust the second: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, "ca.key.pem"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v, %v", info.Mode(), err)
	}
}

func TestManyProcessesGetOneAuthority(t *testing.T) {
	dir := t.TempDir()
	pems := make([]string, 16)
	var group sync.WaitGroup
	for i := range pems {
		group.Go(func() {
			a, err := pki.Open(dir)
			if err != nil {
				t.Error(err)
				return
			}
			pems[i] = string(a.PEM())
		})
	}
	group.Wait()
	for _, pem := range pems {
		if pem != pems[0] {
			t.Fatal("two openers of one new folder have different CAs")
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestDamagedKeyIsNamed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.key.pem"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pki.Open(dir); err == nil || !bytes.Contains([]byte(err.Error()), []byte("ca.key.pem")) {
		t.Errorf("got %v", err)
	}
}

func TestDefects(t *testing.T) {
	a := open(t, t.TempDir())
	hosts := []string{"localhost", "is.test", "127.0.0.1", "::1"}
	for _, host := range []string{"localhost", "is.test", "127.0.0.1", "[::1]"} {
		if _, err := leaf(t, a, hosts, pki.Sound).Verify(x509.VerifyOptions{Roots: a.Pool(), DNSName: host}); err != nil {
			t.Errorf("sound, %s: %v", host, err)
		}
	}
	for _, defect := range []pki.Defect{pki.WrongCA, pki.SelfSigned, pki.Expired, pki.NotYetValid, pki.WrongName} {
		if _, err := leaf(t, a, hosts, defect).Verify(x509.VerifyOptions{Roots: a.Pool(), DNSName: "localhost"}); err == nil {
			t.Errorf("defect %d is accepted", defect)
		}
	}
	if _, err := a.Issue(hosts, pki.Defect(99)); err == nil {
		t.Error("an unknown defect is issued")
	}
}
