package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// A stamp is a point of a process's time.
type stamp struct {
	wall time.Time
	cpu  time.Duration
}

func now() stamp { return stamp{time.Now(), cpu()} }

// cost is what passed since.
func (s stamp) cost() cost {
	return cost{Seconds: time.Since(s.wall).Seconds(), CPUSeconds: (cpu() - s.cpu).Seconds()}
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // not with these arguments
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMB is the most memory that this process has held. Getrusage would count the
// parent's, too, from before the program was executed.
func peakMB() float64 { return kilobytes("/proc/self/status", "VmHWM") / 1024 }

// kilobytes reads a line such as "VmHWM:  1234 kB"; 0 where there is none.
func kilobytes(file, key string) float64 {
	text, _ := os.ReadFile(file) // only Linux has it
	var kb float64
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte(key+":")); ok {
			_, _ = fmt.Sscan(string(rest), &kb)
		}
	}
	return kb
}

// A machine is what was measured on.
type machine struct {
	Processor string  `json:"processor"`
	Cores     int     `json:"cores"`
	MemoryGB  float64 `json:"memory_gb"`
	System    string  `json:"system"`
	Go        string  `json:"go"`
}

func thisMachine() machine {
	m := machine{
		Processor: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version(), System: runtime.GOOS,
		MemoryGB: round(kilobytes("/proc/meminfo", "MemTotal")/(1<<20), 1),
	}
	text, _ := os.ReadFile("/proc/cpuinfo") // only Linux has it
	for line := range strings.Lines(string(text)) {
		if key, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			m.Processor = strings.TrimSpace(model)
			break
		}
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.System += " " + strings.TrimSpace(string(release))
	}
	return m
}

func (m machine) String() string {
	return fmt.Sprintf("%s, %d cores, %.0f GB, %s, %s", m.Processor, m.Cores, m.MemoryGB, m.System, m.Go)
}
