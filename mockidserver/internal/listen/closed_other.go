//go:build !unix

package listen

// ClosedPort finds a port that refuses connections. Unlike on Unix it is not
// reserved: another program could take it.
func ClosedPort() (port int, release func(), err error) {
	sockets, err := Sockets("127.0.0.1", 0)
	if err != nil {
		return 0, nil, err
	}
	port = Port(sockets[0])
	for _, socket := range sockets {
		socket.Close()
	}
	return port, func() {}, nil
}
