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
//	server.go, options.go      start and stop
//	route.go, exchange.go      the way of a request: route, attribute, journal, fault, answer
//	validate.go … invite.go    the endpoints
//	verify.go, homeservers.go  signed unbinds, and calls to the homeserver
//	scopes.go, faults.go, extra.go  what belongs to one test
//	controlapi.go …            the control interface
package mockidserver

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/journal"
	"threepid-conformance/mockidserver/internal/listen"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/pki"
	"threepid-conformance/mockidserver/signing"
)

// KeyID is the ID of the long-term signing key.
const KeyID = "ed25519:0"

// Limits of requests.
const (
	headerTimeout = 30 * time.Second
	idleTimeout   = 3 * time.Minute // Synapse keeps idle connections for two
	maxHeader     = 64 << 10
)

// Server is a running identity server.
type Server struct {
	settings  settings
	instance  string
	temporary string // folder to remove at the end, "" for none
	authority *pki.Authority
	leaf      tls.Certificate
	key       ed25519.PrivateKey

	journal     *journal.Journal
	store       *store.Store
	scopes      *scopes
	homeservers *homeservers

	identity *listen.Listener
	sms      *listen.Listener
	control  net.Listener

	servers sync.WaitGroup
	close   sync.Once
	stopped chan struct{}
}

// Start starts a server, which runs until the context ends or [Server.Close].
// When it returns, the server answers. Several servers can run in one process.
func Start(ctx context.Context, options ...Option) (*Server, error) {
	s := &Server{
		settings: defaults(), instance: rand.Text(), store: store.New(), stopped: make(chan struct{}),
	}
	for _, option := range options {
		if err := option(&s.settings); err != nil {
			return nil, err
		}
	}
	s.journal = journal.New(s.settings.journalBytes)
	s.scopes = newScopes(s.settings.scopeIdle)

	err := s.openFolder()
	if err == nil {
		err = s.tellHomeservers()
	}
	if err == nil {
		err = s.listen()
	}
	if err != nil {
		s.shutDown()
		return nil, fmt.Errorf("the identity server did not start: %w", err)
	}
	context.AfterFunc(ctx, func() { s.Close() })
	return s, nil
}

// openFolder loads or makes CA and signing key, and issues the certificate.
func (s *Server) openFolder() (err error) {
	folder := s.settings.folder
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
	if s.leaf, err = s.authority.Issue(s.settings.hosts, pki.Sound); err != nil {
		return err
	}
	keyFile := filepath.Join(folder, s.settings.name+".signing.key")
	fresh := make([]byte, ed25519.SeedSize)
	rand.Read(fresh)
	stored, err := pki.WriteOnce(keyFile, []byte(signing.Encode(fresh)+"\n"))
	if err != nil {
		return fmt.Errorf("the signing key: %w", err)
	}
	seed, err := signing.Decode(string(stored[:max(0, len(stored)-1)]))
	if err != nil || len(seed) != ed25519.SeedSize {
		return fmt.Errorf("%s does not hold a signing key; delete it to get a new one", keyFile)
	}
	s.key = ed25519.NewKeyFromSeed(seed)
	return nil
}

func (s *Server) tellHomeservers() error {
	s.homeservers = newHomeservers(s.authority)
	for _, hs := range s.settings.homeservers {
		if err := s.homeservers.add(hs); err != nil {
			return err
		}
	}
	return nil
}

// listen opens the three shared listeners and serves them.
func (s *Server) listen() error {
	identity, err := listen.Sockets(s.settings.bind, s.settings.port)
	if err != nil {
		return fmt.Errorf("identity service: %w", err)
	}
	s.identity = listen.New(identity, listen.Config{Name: control.ServiceIdentity, Journal: s.journal, TLS: &s.leaf})

	sms, err := listen.Sockets(s.settings.bind, s.settings.smsPort)
	if err != nil {
		return fmt.Errorf("SMS delegate: %w", err)
	}
	config := listen.Config{Name: control.ServiceSMS, Journal: s.journal}
	if s.settings.smsTLS {
		config.TLS = &s.leaf
	}
	s.sms = listen.New(sms, config)

	s.control, err = net.Listen("tcp", net.JoinHostPort(s.settings.controlBind, strconv.Itoa(s.settings.controlPort)))
	if err != nil {
		return fmt.Errorf("control interface: %w", err)
	}
	s.serve(s.identity, s.handler(site{service: control.ServiceIdentity, listener: control.ServiceIdentity, port: s.identity.Port()}))
	s.serve(s.sms, s.handler(site{service: control.ServiceSMS, listener: control.ServiceSMS, port: s.sms.Port()}))
	s.serve(s.control, s.controlHandler())
	return nil
}

// serve answers the requests of a listener until it is closed.
func (s *Server) serve(l net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0), // what goes wrong stands in the journal
		ConnContext:       rememberConn,
	}
	s.servers.Go(func() {
		_ = server.Serve(l) // it ends when the listener does
		server.Close()
	})
}

// Close stops the server and removes its temporary folder, if it had one.
func (s *Server) Close() error {
	s.close.Do(s.shutDown)
	return nil
}

func (s *Server) shutDown() {
	close(s.stopped)
	for _, closed := range s.scopes.closeAll() {
		closed.end()
	}
	var listeners []io.Closer
	if s.identity != nil {
		listeners = append(listeners, s.identity)
	}
	if s.sms != nil {
		listeners = append(listeners, s.sms)
	}
	if s.control != nil {
		listeners = append(listeners, s.control)
	}
	for _, l := range listeners {
		l.Close()
	}
	s.servers.Wait()
	if s.temporary != "" {
		os.RemoveAll(s.temporary)
	}
}
