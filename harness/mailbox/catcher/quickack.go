package catcher

import (
	"net"
	"syscall"
)

// promptListener hands out connections whose data is acknowledged at once.
//
// An SMTP client that writes a mail in several small pieces, as Twisted does,
// holds the second piece back until the first is acknowledged (Nagle), while
// the kernel on our side holds the acknowledgement back for 40 ms in the hope
// of an answer to send along. Every mail of every spec would pay for that.
type promptListener struct{ net.Listener }

func (l promptListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn, nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn, nil // an optimisation, not a reason to refuse a mail
	}
	quickAck(raw)
	return &promptConn{TCPConn: tcp, raw: raw}, nil
}

type promptConn struct {
	*net.TCPConn
	raw syscall.RawConn
}

// Read asks for the acknowledgement after each piece of data, because the
// kernel falls back to delaying on its own.
func (c *promptConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	if n > 0 {
		quickAck(c.raw)
	}
	return n, err
}
