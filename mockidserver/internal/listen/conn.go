package listen

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/journal"
)

// maxHead bounds what is kept of a request's raw bytes, to read the headers in
// the order and spelling in which they came.
const maxHead = 64 << 10

// Limits of requests.
const (
	headerTimeout = 30 * time.Second
	idleTimeout   = 3 * time.Minute // Synapse keeps idle connections for two
	maxHeader     = 64 << 10
)

// Serve responds to the requests of a listener until it is closed.
func Serve(l net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0), // what goes wrong stands in the journal
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, conn)
		},
	}
	_ = server.Serve(l) // it ends when the listener does
	server.Close()
}

type connKey struct{}

// ConnOf is the connection on which a request came.
func ConnOf(r *http.Request) *Conn { return r.Context().Value(connKey{}).(*Conn) }

// tlsRecordHandshake is the first byte of every TLS connection.
const tlsRecordHandshake = 0x16

// Conn is a connection that serves HTTP. It remembers the bytes of the request
// it is reading.
type Conn struct {
	net.Conn // decrypted
	tcp      *net.TCPConn
	record   *journal.Record
	plain    bool
	closed   func()

	mu    sync.Mutex
	head  []byte
	begun bool
}

// Read keeps what is read, up to the limit.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > 0 && !c.begun {
		c.begun = true
		if c.plain && p[0] == tlsRecordHandshake {
			c.record.Update(func(e *control.Entry) { e.Connection.Handshake = control.HandshakeTLSOnHTTP })
		}
	}
	c.head = append(c.head, p[:min(n, maxHead-len(c.head))]...)
	return n, err
}

// Head returns the request line and headers of the present request as they were
// sent, without the blank line; nil if they were too long.
func (c *Conn) Head() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	head, _, complete := bytes.Cut(c.head, []byte("\r\n\r\n"))
	if !complete {
		return nil
	}
	return bytes.Clone(head)
}

// EndRequest forgets the present request. Clients of HTTP/1.1 in practice send
// the next request after the response, so nothing of it has been read.
func (c *Conn) EndRequest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cap(c.head) > 4<<10 {
		c.head = nil
	} else {
		c.head = c.head[:0]
	}
}

// Record is the connection's entry in the journal.
func (c *Conn) Record() *journal.Record { return c.record }

// Close closes the connection in an orderly way.
func (c *Conn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// Reset ends the connection with a TCP reset, without any TLS farewell.
func (c *Conn) Reset() {
	reset(c.tcp)
	c.closed()
}

func reset(tcp *net.TCPConn) {
	_ = tcp.SetLinger(0) // a socket that is gone already needs no reset
	_ = tcp.Close()
}
