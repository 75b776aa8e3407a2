//go:build !linux

package target

import "syscall"

// dieWithParent does nothing: only Linux can be asked for that.
func dieWithParent(*syscall.SysProcAttr) {}
