package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/journal"
)

// handshakeTimeout is how long a client may take over its TLS handshake.
const handshakeTimeout = 15 * time.Second

// Config says what a listener does with its connections.
type Config struct {
	Name    string           // in the journal
	Scope   string           // that owns all its connections, "" for a shared listener
	Journal *journal.Journal // receives an entry per connection
	TLS     *tls.Certificate // nil: plain text
	// Hold makes the listener say nothing and reset each connection after that
	// time; 0 resets at once. nil serves.
	Hold *time.Duration
}

// Listener hands out connections that are ready for HTTP. It is a net.Listener.
type Listener struct {
	config  Config
	sockets []net.Listener
	ready   chan *Conn
	done    chan struct{}
	once    sync.Once

	mu    sync.Mutex
	conns map[*net.TCPConn]struct{}
}

// connectionIDs numbers connections across all listeners.
var connectionIDs atomic.Int64

// New serves sockets, which it closes at the end.
func New(sockets []net.Listener, config Config) *Listener {
	l := &Listener{
		config: config, sockets: sockets,
		ready: make(chan *Conn), done: make(chan struct{}), conns: map[*net.TCPConn]struct{}{},
	}
	for _, socket := range sockets {
		go l.acceptFrom(socket)
	}
	return l
}

// Port is the port of all its sockets.
func (l *Listener) Port() int { return Port(l.sockets[0]) }

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.sockets[0].Addr() }

// Accept implements net.Listener: it waits for a connection whose handshake is
// done.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.ready:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close closes the sockets and every connection.
func (l *Listener) Close() error {
	var err error
	l.once.Do(func() {
		close(l.done)
		for _, socket := range l.sockets {
			err = errors.Join(err, socket.Close())
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		for tcp := range l.conns {
			tcp.Close()
		}
	})
	return err
}

func (l *Listener) acceptFrom(socket net.Listener) {
	for {
		accepted, err := socket.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// Out of file descriptors, or the client left: not for ever.
			time.Sleep(10 * time.Millisecond)
			continue
		}
		tcp := accepted.(*net.TCPConn)
		record := l.config.Journal.Add(control.Entry{
			Kind: control.ConnectionEntry, Scope: l.config.Scope, Listener: l.config.Name, Received: time.Now(),
			Connection: control.Connection{
				ID: connectionIDs.Add(1), Remote: tcp.RemoteAddr().String(), Handshake: control.HandshakePending,
			},
		})
		l.mu.Lock()
		l.conns[tcp] = struct{}{}
		l.mu.Unlock()
		select {
		case <-l.done: // Close has been through the connections before this one
			tcp.Close()
		default:
		}
		go l.prepare(tcp, record)
	}
}

// gone notes that a connection has ended.
func (l *Listener) gone(tcp *net.TCPConn, record *journal.Record) {
	l.mu.Lock()
	delete(l.conns, tcp)
	l.mu.Unlock()
	record.Update(func(e *control.Entry) { e.Connection.Closed = true })
}

// prepare brings a connection to the point where it can carry HTTP, or ends it.
func (l *Listener) prepare(tcp *net.TCPConn, record *journal.Record) {
	conn := &Conn{Conn: tcp, tcp: tcp, record: record, plain: l.config.TLS == nil}
	conn.closed = sync.OnceFunc(func() { l.gone(tcp, record) })

	switch {
	case l.config.Hold != nil:
		record.Update(func(e *control.Entry) { e.Connection.Handshake = control.HandshakeHeld })
		select {
		case <-time.After(*l.config.Hold):
		case <-l.done:
		}
		conn.Reset()
		return
	case l.config.TLS == nil:
		record.Update(func(e *control.Entry) { e.Connection.Handshake = control.HandshakeNone })
	default:
		secured, ok := l.shakeHands(tcp, record)
		if !ok {
			conn.Close()
			return
		}
		conn.Conn = secured
	}
	select {
	case l.ready <- conn:
	case <-l.done:
		conn.Close()
	}
}

// shakeHands does the TLS handshake and records how it went.
func (l *Listener) shakeHands(tcp *net.TCPConn, record *journal.Record) (*tls.Conn, bool) {
	said := false // the client sent a ClientHello
	sni := ""
	secured := tls.Server(tcp, &tls.Config{
		Certificates: []tls.Certificate{*l.config.TLS},
		MinVersion:   tls.VersionTLS12,
		// HTTP/2 would take away resets and truncated responses.
		NextProtos: []string{"http/1.1"},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			said, sni = true, hello.ServerName
			return nil, nil
		},
	})
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	defer cancel()
	err := secured.HandshakeContext(ctx)
	outcome := control.HandshakeOK
	var notTLS tls.RecordHeaderError
	switch {
	case err == nil:
	case said:
		outcome = control.HandshakeRefused
	case errors.As(err, &notTLS) && notTLS.Conn != nil:
		outcome = control.HandshakeNotTLS
		_, _ = tcp.Write([]byte("HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nThis port speaks HTTPS only.\n"))
	default:
		outcome = control.HandshakeSilent
	}
	state := secured.ConnectionState()
	record.Update(func(e *control.Entry) {
		e.Connection.Handshake, e.Connection.SNI = outcome, sni
		if err != nil {
			e.Connection.Error = err.Error()
			return
		}
		e.Connection.TLS = tls.VersionName(state.Version)
		e.Connection.Cipher = tls.CipherSuiteName(state.CipherSuite)
	})
	return secured, err == nil
}
