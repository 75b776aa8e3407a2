// Package listen has the sockets of the identity server: listeners that record
// every connection, good or faulty, and give access to what arrived on it.
package listen

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// portAttempts is how often a free port is sought that is free on IPv6, too.
const portAttempts = 20

// Sockets opens TCP sockets on an address and a port, 0 for any free one. For
// 127.0.0.1 it opens [::1] with the same port as well, where that exists: a
// client may try either for "localhost".
func Sockets(bind string, port int) ([]net.Listener, error) {
	if bind != "127.0.0.1" {
		socket, err := net.Listen("tcp", net.JoinHostPort(bind, strconv.Itoa(port)))
		if err != nil {
			return nil, err
		}
		return []net.Listener{socket}, nil
	}
	for range portAttempts {
		four, err := net.Listen("tcp4", net.JoinHostPort(bind, strconv.Itoa(port)))
		if err != nil {
			return nil, err
		}
		six, err := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(Port(four))))
		switch {
		case err == nil:
			return []net.Listener{four, six}, nil
		case !errors.Is(err, syscall.EADDRINUSE):
			return []net.Listener{four}, nil // there is no IPv6 here
		}
		four.Close()
		if port != 0 {
			return nil, fmt.Errorf("port %d is free on 127.0.0.1 and taken on ::1: %w", port, err)
		}
	}
	return nil, errors.New("no port is free on both 127.0.0.1 and ::1")
}

// Port returns the port of a socket.
func Port(socket net.Listener) int { return socket.Addr().(*net.TCPAddr).Port }
