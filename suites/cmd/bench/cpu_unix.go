//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // not with these arguments
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
