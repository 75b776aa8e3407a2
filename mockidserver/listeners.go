package mockidserver

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/controlapi"
	"threepid-conformance/mockidserver/internal/endpoints"
	"threepid-conformance/mockidserver/internal/listen"
	"threepid-conformance/mockidserver/internal/scopes"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/pki"
)

// listen opens the three shared listeners and serves them.
func (s *Server) listen() error {
	sockets, err := listen.Sockets(s.config.Bind, s.config.Port)
	if err != nil {
		return fmt.Errorf("identity service: %w", err)
	}
	config := listen.Config{Name: control.ServiceIdentity, Journal: s.api.Journal, TLS: &s.leaf}
	s.identity = listen.New(sockets, config)
	s.api.Port = s.identity.Port()

	if sockets, err = listen.Sockets(s.config.Bind, s.config.SMSPort); err != nil {
		return fmt.Errorf("SMS delegate: %w", err)
	}
	config.Name = control.ServiceSMS
	if !s.config.SMSOverTLS {
		config.TLS = nil
	}
	s.sms = listen.New(sockets, config)

	s.control, err = net.Listen("tcp", net.JoinHostPort(s.config.ControlBind, strconv.Itoa(s.config.ControlPort)))
	if err != nil {
		return fmt.Errorf("control interface: %w", err)
	}
	s.serve(s.identity, control.ServiceIdentity, control.ServiceIdentity, nil)
	s.serve(s.sms, control.ServiceSMS, control.ServiceSMS, nil)
	steering := &controlapi.API{API: s.api, Info: s.Info, Listen: s.listenExtra}
	s.serving.Go(func() { listen.Serve(s.control, steering.Handler()) })
	return nil
}

// serve responds to the requests of a listener until it is closed.
func (s *Server) serve(l *listen.Listener, service, name string, owner *scopes.Scope) {
	handler := s.api.Handler(endpoints.Listener{Service: service, Name: name, Port: l.Port(), Scope: owner})
	s.serving.Go(func() { listen.Serve(l, handler) })
}

// certificates are the profiles of extra listeners that serve over TLS, with what
// is wrong with the certificate.
var certificates = map[control.Profile]pki.Defect{
	control.ProfileGood:        pki.Sound,
	control.ProfileWrongCA:     pki.WrongCA,
	control.ProfileSelfSigned:  pki.SelfSigned,
	control.ProfileExpired:     pki.Expired,
	control.ProfileNotYetValid: pki.NotYetValid,
	control.ProfileWrongName:   pki.WrongName,
}

// listenExtra opens an extra listener for a scope.
func (s *Server) listenExtra(owner *scopes.Scope, request control.ListenerRequest) (control.Listener, error) {
	id := "extra-" + string(request.Profile) + "-" + store.Random()[:8]
	host := s.api.Advertise
	var port int
	var stop func()
	var err error
	if request.Profile == control.ProfileClosed {
		host = "127.0.0.1" // where the port is reserved
		port, stop, err = listen.ClosedPort()
	} else {
		port, stop, err = s.startExtra(id, owner, request)
	}
	if err != nil {
		return control.Listener{}, err
	}
	if err := s.api.Scopes.AddListener(owner, stop); err != nil {
		stop()
		return control.Listener{}, err
	}
	return control.Listener{ID: id, Profile: request.Profile, IDServer: net.JoinHostPort(host, strconv.Itoa(port))}, nil
}

// startExtra opens the sockets of a profile, and returns how to close them.
func (s *Server) startExtra(id string, owner *scopes.Scope, request control.ListenerRequest) (port int, stop func(), err error) {
	config := listen.Config{Name: id, Scope: owner.ID, Journal: s.api.Journal}
	defect, secured := certificates[request.Profile]
	switch {
	case secured:
		leaf, err := s.authority.Issue(s.api.Hosts, defect)
		if err != nil {
			return 0, nil, err
		}
		config.TLS = &leaf
	case request.Profile == control.ProfilePlainHTTP:
	case request.Profile == control.ProfileHang:
		hold := time.Duration(request.Hold)
		if hold == 0 {
			hold = control.DefaultStall
		}
		config.Hold = &hold
	case request.Profile == control.ProfileReset:
		config.Hold = new(time.Duration)
	default:
		return 0, nil, fmt.Errorf("there is no listener profile %q", request.Profile)
	}

	sockets, err := listen.Sockets(s.config.Bind, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("extra listener: %w", err)
	}
	l := listen.New(sockets, config)
	if config.Hold == nil {
		s.serve(l, control.ServiceIdentity, id, owner)
	}
	return l.Port(), func() { l.Close() }, nil
}
