package mockidserver

import (
	"crypto/ed25519"
	"crypto/x509"
	"net"
	"net/url"
	"strconv"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/signing"
)

// IDServer is what clients put into id_server: host and port.
func (s *Server) IDServer() string {
	return s.advertisedAt(s.identity.Port())
}

// IDServers are all names of the server: each host with the port.
func (s *Server) IDServers() []string { return s.namesAt(s.identity.Port()) }

// BaseURL is the https URL of the identity service, without a path.
func (s *Server) BaseURL() string { return "https://" + s.IDServer() }

// SMSURL is the base URL that a homeserver is given as its msisdn delegate.
func (s *Server) SMSURL() string {
	scheme := "http"
	if s.settings.smsTLS {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: s.advertisedAt(s.sms.Port())}).String()
}

// ControlURL is the URL of the control interface, for [control.New].
func (s *Server) ControlURL() string { return "http://" + s.control.Addr().String() }

// Control returns a client of the server's control interface.
func (s *Server) Control() *control.Client { return control.New(s.ControlURL()) }

// CAFile is the path of the CA's certificate: the homeserver's SSL_CERT_FILE.
func (s *Server) CAFile() string { return s.authority.Path() }

// CAPool trusts the server's CA and no other.
func (s *Server) CAPool() *x509.CertPool { return s.authority.Pool() }

// PublicKey is the long-term key that signs associations, with ID [KeyID].
func (s *Server) PublicKey() ed25519.PublicKey { return s.key.Public().(ed25519.PublicKey) }

// Info is what the control interface says about the server.
func (s *Server) Info() control.Info {
	return control.Info{
		Instance:  s.instance,
		Name:      s.settings.name,
		IDServer:  s.IDServer(),
		IDServers: s.IDServers(),
		BaseURL:   s.BaseURL(),
		SMSURL:    s.SMSURL(),
		CAFile:    s.CAFile(),
		CAPEM:     string(s.authority.PEM()),
		KeyID:     KeyID,
		PublicKey: signing.Encode(s.PublicKey()),
		Scopes:    s.scopes.count(),
		Orphans:   s.journal.OrphanRequests(),
	}
}

// advertisedAt is the advertised name with the port of a listener.
func (s *Server) advertisedAt(port int) string {
	return net.JoinHostPort(s.settings.advertise, strconv.Itoa(port))
}

// namesAt lists the host:port under which a listener is reached.
func (s *Server) namesAt(port int) []string {
	names := make([]string, 0, len(s.settings.hosts))
	for _, host := range s.settings.hosts {
		names = append(names, net.JoinHostPort(host, strconv.Itoa(port)))
	}
	return names
}
