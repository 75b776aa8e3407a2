package mockidserver

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/listen"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/pki"
)

// certificateDefects are the profiles that serve, with a certificate of a kind.
var certificateDefects = map[control.Profile]pki.Defect{
	control.ProfileGood:        pki.Sound,
	control.ProfileWrongCA:     pki.WrongCA,
	control.ProfileSelfSigned:  pki.SelfSigned,
	control.ProfileExpired:     pki.Expired,
	control.ProfileNotYetValid: pki.NotYetValid,
	control.ProfileWrongName:   pki.WrongName,
}

// openExtra opens an extra listener for a scope.
func (s *Server) openExtra(owner *scope, request control.ListenerRequest) (control.Listener, error) {
	id := "extra-" + string(request.Profile) + "-" + store.Random()[:8]
	port, stop, err := s.startExtra(id, owner, request)
	if err != nil {
		return control.Listener{}, err
	}
	if err := s.scopes.addListener(owner, stop); err != nil {
		stop()
		return control.Listener{}, err
	}
	host := s.settings.advertise
	if request.Profile == control.ProfileClosed {
		host = "127.0.0.1" // where the port is reserved
	}
	return control.Listener{ID: id, Profile: request.Profile, IDServer: net.JoinHostPort(host, strconv.Itoa(port))}, nil
}

// startExtra opens the sockets of a profile, and returns how to close them.
func (s *Server) startExtra(id string, owner *scope, request control.ListenerRequest) (port int, stop func(), err error) {
	config := listen.Config{Name: id, Scope: owner.id, Journal: s.journal}
	defect, serves := certificateDefects[request.Profile]
	switch {
	case serves:
		leaf := s.leaf
		if defect != pki.Sound {
			if leaf, err = s.authority.Issue(s.settings.hosts, defect); err != nil {
				return 0, nil, err
			}
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
	case request.Profile == control.ProfileClosed:
		return listen.ClosedPort()
	default:
		return 0, nil, fmt.Errorf("there is no listener profile %q", request.Profile)
	}

	sockets, err := listen.Sockets(s.settings.bind, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("extra listener: %w", err)
	}
	l := listen.New(sockets, config)
	if config.Hold == nil {
		s.serve(l, s.handler(site{service: control.ServiceIdentity, listener: id, port: l.Port(), scope: owner}))
	}
	return l.Port(), func() { l.Close() }, nil
}
