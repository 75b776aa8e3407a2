//go:build unix

package listen

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// ClosedPort reserves a port that refuses connections: sockets are bound to it
// and do not listen, so nobody else can take it until release is called.
func ClosedPort() (port int, release func(), err error) {
	for range portAttempts {
		four, port, err := bindOnly(unix.AF_INET, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
		if err != nil {
			return 0, nil, fmt.Errorf("reserving a closed port: %w", err)
		}
		six, _, err := bindOnly(unix.AF_INET6, &unix.SockaddrInet6{Addr: [16]byte(net.IPv6loopback), Port: port})
		switch err {
		case nil:
			return port, func() { unix.Close(four); unix.Close(six) }, nil
		case unix.EADDRINUSE:
			unix.Close(four) // and look for another
		default:
			return port, func() { unix.Close(four) }, nil // there is no IPv6 here
		}
	}
	return 0, nil, fmt.Errorf("reserving a closed port: %w", os.ErrExist)
}

// bindOnly binds a socket and returns its descriptor and port.
func bindOnly(family int, address unix.Sockaddr) (fd, port int, err error) {
	fd, err = unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return 0, 0, err
	}
	unix.CloseOnExec(fd)
	if err = unix.Bind(fd, address); err != nil {
		unix.Close(fd)
		return 0, 0, err
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		unix.Close(fd)
		return 0, 0, err
	}
	switch bound := bound.(type) {
	case *unix.SockaddrInet4:
		port = bound.Port
	case *unix.SockaddrInet6:
		port = bound.Port
	}
	return fd, port, nil
}
