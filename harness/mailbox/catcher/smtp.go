package catcher

import (
	"io"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// newSMTPServer accepts whatever a homeserver may want to send: any sender, any
// recipient, any password or none, UTF-8 addresses and 8-bit bodies. Judging
// the mail is the specs' business.
func newSMTPServer(store *store) *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &transaction{store: store}, nil
	}))
	server.Domain = "mail-catcher.test"
	server.AllowInsecureAuth = true
	server.EnableSMTPUTF8 = true
	server.MaxMessageBytes = maxMessageBytes
	server.MaxRecipients = 100
	// A line too long for RFC 5322 is still a mail that came.
	server.MaxLineLength = maxMessageBytes
	// Homeservers keep connections for the next mail; RFC 5321, 4.5.3.2.7,
	// grants them five minutes.
	server.ReadTimeout = 5 * time.Minute
	server.WriteTimeout = time.Minute
	server.ErrorLog = logger
	return server
}

// A transaction is one SMTP connection, and the mail that it is sending.
type transaction struct {
	store *store
	to    []string
}

func (s *transaction) Mail(string, *smtp.MailOptions) error { return nil }

func (s *transaction) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data keeps the mail before it returns, and so before the client reads 250:
// who knows that a mail was accepted can find it at once.
func (s *transaction) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.store.add(receive(raw, s.to, time.Now()))
	return nil
}

func (s *transaction) Reset() { s.to = nil }

func (s *transaction) Logout() error { return nil }

func (s *transaction) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

func (s *transaction) Auth(mechanism string) (sasl.Server, error) {
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, _, _ string) error { return nil }), nil
	case sasl.Login:
		return new(loginServer), nil
	default:
		return nil, smtp.ErrAuthUnknownMechanism
	}
}

// loginServer is the server's half of AUTH LOGIN, which go-sasl leaves out: it
// asks for a name and a password and is content with any.
type loginServer struct{ answers int }

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response != nil { // nil: AUTH came without an initial response
		l.answers++
	}
	switch l.answers {
	case 0:
		return []byte("Username:"), false, nil
	case 1:
		return []byte("Password:"), false, nil
	default:
		return nil, true, nil
	}
}
