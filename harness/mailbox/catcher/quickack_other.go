//go:build !linux

package catcher

import "syscall"

// quickAck does nothing: the option exists on Linux only.
func quickAck(syscall.RawConn) {}
