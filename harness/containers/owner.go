package containers

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Labels of everything that a run starts.
const (
	labelRun     = "threepid-conformance.run"
	labelPID     = "threepid-conformance.pid"
	labelStarted = "threepid-conformance.started" // a process ID is used again some day
	labelMachine = "threepid-conformance.machine" // several machines may share an engine
)

func ownerLabels() map[string]string {
	pid := os.Getpid()
	return map[string]string{
		labelPID:     strconv.Itoa(pid),
		labelStarted: startOf(pid),
		labelMachine: machine(),
	}
}

// orphaned says whether the process that these labels name is gone. Of a process
// on another machine, or in another container, nothing is known.
func orphaned(labels map[string]string) bool {
	pid, err := strconv.Atoi(labels[labelPID])
	if err != nil || labels[labelMachine] != machine() {
		return false
	}
	return syscall.Kill(pid, 0) == syscall.ESRCH || startOf(pid) != labels[labelStarted]
}

// machine names the place where a process ID means something.
func machine() string {
	host, _ := os.Hostname()                     // "" is a name, too
	space, _ := os.Readlink("/proc/self/ns/pid") // only Linux has it
	return host + " " + space
}

// startOf is when a process started, in the kernel's own count; "" where that
// cannot be told.
func startOf(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	// The second field is a name in parentheses, which may hold anything.
	_, rest, _ := strings.Cut(string(stat[max(0, strings.LastIndex(string(stat), ")")):]), " ")
	fields := strings.Fields(rest)
	const started = 22 - 3 // field 22 of proc(5); these begin with field 3
	if len(fields) <= started {
		return ""
	}
	return fields[started]
}
