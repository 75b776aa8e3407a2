package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// A Process is a homeserver that runs as a child of this program. It ends with
// it, however this program ends.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of Wait; read after done
}

// StartProcess runs cmd with its output going to log. On Linux the child is
// killed by the kernel if this program dies without stopping it.
func StartProcess(cmd *exec.Cmd, log io.Writer) (*Process, error) {
	cmd.Stdout, cmd.Stderr = log, log
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true // Ctrl-C is for us; we stop the child ourselves
	dieWithParent(cmd.SysProcAttr)
	cmd.WaitDelay = 2 * time.Second

	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Linux sends the signal of dieWithParent when the *thread* that forked ends, so
		// that thread has to live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s cannot be started: %w", cmd.Path, err)
	}
	return p, nil
}

// Stop asks the process to end and kills it when ctx ends first.
func (p *Process) Stop(ctx context.Context) error {
	select {
	case <-p.done: // first: what has ended was not killed
		return nil
	default:
	}
	// The whole group: the server may run below a wrapper.
	group := -p.cmd.Process.Pid
	_ = syscall.Kill(group, syscall.SIGTERM) // fails only when it has ended already
	select {
	case <-p.done:
		_ = syscall.Kill(group, syscall.SIGKILL) // what the process left behind
		return nil
	case <-ctx.Done():
	}
	_ = syscall.Kill(group, syscall.SIGKILL)
	<-p.done
	return fmt.Errorf("%s did not stop when asked and was killed", p.cmd.Path)
}

// WaitReady polls url until it answers 200, the process ends or ctx does.
func (p *Process) WaitReady(ctx context.Context, url string) error {
	err := WaitReady(ctx, url, func() error {
		select {
		case <-p.done:
			return fmt.Errorf("%s ended before it answered at %s: %v; its log says why", p.cmd.Path, url, p.err)
		default:
			return nil
		}
	})
	if errors.Is(err, ErrNotReady) {
		return fmt.Errorf("%s %w at %s in time; its log says why", p.cmd.Path, err, url)
	}
	return err
}

// ErrNotReady is why a wait for a homeserver ends with its context.
var ErrNotReady = errors.New("did not answer")

// WaitReady polls url until it answers 200, ended says that nothing will answer any
// more, or ctx ends, which is ErrNotReady.
func WaitReady(ctx context.Context, url string, ended func() error) error {
	client := &http.Client{Timeout: time.Second}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := ended(); err != nil { // first: another one may answer there
			return err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ErrNotReady
		case <-tick.C:
		}
	}
}

// FreePort returns a TCP port of the loopback interface that is free now. Only
// for programs that cannot be given port 0 or a listener.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// RequireDir says in one sentence what is wrong with a folder a user named.
func RequireDir(path, what string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s %s does not exist", what, path)
	case err != nil:
		return fmt.Errorf("%s %s cannot be read: %w", what, path, err)
	case !info.IsDir():
		return fmt.Errorf("%s %s is not a folder", what, path)
	}
	return nil
}
