package target

import "syscall"

// dieWithParent has the kernel kill a child whose parent is gone.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
