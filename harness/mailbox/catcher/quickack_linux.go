package catcher

import "syscall"

// quickAck sends a pending acknowledgement and asks for the next ones without
// delay. Its failure costs time and nothing else.
func quickAck(conn syscall.RawConn) {
	_ = conn.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	})
}
