// Package mockidserver is a Matrix Identity Service for tests of homeservers:
// the v2 API, and the v1 paths that homeservers still call, over HTTPS with a
// CA of its own.
//
// It is honest unless told otherwise: it checks access tokens, secrets and
// sessions, verifies the signature of unbind requests with the homeserver's
// published keys, signs associations, and keeps a journal of everything that
// came. Faults are confined to scopes, so that tests in parallel do not disturb
// each other; see package control, which steers the server over HTTP.
//
// Where things are:
//
//	server.go, config.go, listeners.go  start and stop
//	control                the client of the control interface, and its types
//	internal/endpoints     the Identity Service API, and the way of a request
//	internal/controlapi    the server's side of the control interface
//	internal/scopes        what belongs to one test
//	internal/faults        what can go wrong, and how
//	internal/journal       what came
//	internal/store         sessions, tokens, associations, invitations
//	internal/homeservers   calls to homeservers, for keys and OpenID tokens
//	internal/signing       canonical JSON, signed JSON, X-Matrix
//	internal/listen, pki   sockets, connections, certificates
package mockidserver

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/endpoints"
	"threepid-conformance/mockidserver/internal/homeservers"
	"threepid-conformance/mockidserver/internal/journal"
	"threepid-conformance/mockidserver/internal/listen"
	"threepid-conformance/mockidserver/internal/scopes"
	"threepid-conformance/mockidserver/internal/signing"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/pki"
)

// Server is a running identity server.
type Server struct {
	config    Config
	instance  string
	temporary string // folder to remove at the end, "" for none
	authority *pki.Authority
	leaf      tls.Certificate
	api       *endpoints.API

	identity *listen.Listener
	sms      *listen.Listener
	control  net.Listener

	serving sync.WaitGroup
	close   sync.Once
}

// Start starts a server, which runs until the context ends or [Server.Close].
// When it returns, the server answers. Several servers can run in one process.
func Start(ctx context.Context, config Config) (*Server, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	s := &Server{config: config, instance: rand.Text()}
	s.api = &endpoints.API{
		Hosts:         append([]string{"localhost", "127.0.0.1", "::1"}, config.Hosts...),
		Advertise:     append(config.Hosts, "127.0.0.1")[0],
		TermsRequired: config.TermsRequired,
		Journal:       journal.New(), Store: store.New(), Scopes: scopes.New(config.ScopeIdle),
	}
	err = s.openFolder()
	if err == nil {
		err = s.addHomeservers()
	}
	if err == nil {
		err = s.listen()
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("the identity server did not start: %w", err)
	}
	context.AfterFunc(ctx, func() { s.Close() })
	return s, nil
}

// openFolder loads or makes CA and signing key, and issues the certificate.
func (s *Server) openFolder() (err error) {
	folder := s.config.Folder
	if folder == "" {
		if folder, err = os.MkdirTemp("", "mockidserver-"); err != nil {
			return err
		}
		s.temporary = folder
		// The homeserver may run as another user; the keys have modes of their own.
		if err = os.Chmod(folder, 0o755); err != nil {
			return err
		}
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return err
	}
	if s.authority, err = pki.Open(folder); err != nil {
		return err
	}
	if s.leaf, err = s.authority.Issue(s.api.Hosts, pki.Sound); err != nil {
		return err
	}
	keyFile := filepath.Join(folder, s.config.Name+".signing.key")
	fresh := make([]byte, ed25519.SeedSize)
	rand.Read(fresh)
	stored, err := pki.WriteOnce(keyFile, []byte(signing.Encode(fresh)+"\n"))
	if err != nil {
		return fmt.Errorf("the signing key: %w", err)
	}
	seed, err := signing.Decode(strings.TrimSuffix(string(stored), "\n"))
	if err != nil || len(seed) != ed25519.SeedSize {
		return fmt.Errorf("%s does not hold a signing key; delete it to get a new one", keyFile)
	}
	s.api.Key = ed25519.NewKeyFromSeed(seed)
	return nil
}

func (s *Server) addHomeservers() error {
	s.api.Homeservers = homeservers.New(s.authority.PEM())
	for _, hs := range s.config.Homeservers {
		if err := s.api.Homeservers.Add(hs); err != nil {
			return err
		}
	}
	return nil
}

// Close stops the server and removes its temporary folder, if it had one.
func (s *Server) Close() error {
	s.close.Do(func() {
		s.api.Scopes.EndAll()
		if s.identity != nil {
			s.identity.Close()
		}
		if s.sms != nil {
			s.sms.Close()
		}
		if s.control != nil {
			s.control.Close()
		}
		s.serving.Wait()
		if s.temporary != "" {
			os.RemoveAll(s.temporary)
		}
	})
	return nil
}

// IDServer is what clients put into id_server: host and port.
func (s *Server) IDServer() string { return s.api.AdvertisedAt(s.identity.Port()) }

// IDServers are all names of the server: each host with the port.
func (s *Server) IDServers() []string { return s.api.NamesAt(s.identity.Port()) }

// BaseURL is the https URL of the identity service, without a path.
func (s *Server) BaseURL() string { return "https://" + s.IDServer() }

// SMSURL is the base URL that a homeserver is given as its msisdn delegate.
func (s *Server) SMSURL() string {
	scheme := "http"
	if s.config.SMSOverTLS {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: s.api.AdvertisedAt(s.sms.Port())}).String()
}

// ControlURL is the URL of the control interface, for [control.New].
func (s *Server) ControlURL() string { return "http://" + s.control.Addr().String() }

// Control returns a client of the server's control interface.
func (s *Server) Control() *control.Client { return control.New(s.ControlURL()) }

// CAFile is the path of the CA's certificate: the homeserver's SSL_CERT_FILE.
func (s *Server) CAFile() string { return s.authority.Path() }

// CAPool trusts the server's CA and no other.
func (s *Server) CAPool() *x509.CertPool { return s.authority.Pool() }

// PublicKey is the long-term key that signs associations.
func (s *Server) PublicKey() ed25519.PublicKey { return s.api.PublicKey() }

// Info is what the control interface says about the server.
func (s *Server) Info() control.Info {
	return control.Info{
		Instance:  s.instance,
		Name:      s.config.Name,
		IDServer:  s.IDServer(),
		IDServers: s.IDServers(),
		BaseURL:   s.BaseURL(),
		SMSURL:    s.SMSURL(),
		CAFile:    s.CAFile(),
		CAPEM:     string(s.authority.PEM()),
		KeyID:     endpoints.KeyID,
		PublicKey: signing.Encode(s.PublicKey()),
		Scopes:    s.api.Scopes.Count(),
		Orphans:   s.api.Journal.OrphanRequests(),
	}
}
