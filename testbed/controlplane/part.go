package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// probe says why something is not ready, or nothing when it is.
type probe func(context.Context) error

// part is one component as a child process. It may be started again.
type part struct {
	name  string
	exe   string
	args  []string
	ready probe
	cmd   *exec.Cmd
	done  chan struct{} // closed when the process has ended
	asked *atomic.Bool  // its end was asked for
}

func newPart(name string, args []string, ready probe) *part {
	return &part{name: name, exe: "/proc/self/exe", args: append([]string{name}, args...), ready: ready}
}

func (p *part) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// run starts parts together and waits until all are ready.
func (r *rig) run(ctx context.Context, parts ...*part) error {
	for _, p := range parts {
		r.parts = append(r.parts, p)
		if err := r.spawn(p); err != nil {
			return err
		}
	}
	for _, p := range parts {
		if err := r.wait(ctx, p.name, p.ready); err != nil {
			return err
		}
	}
	return nil
}

// spawn starts the process of a part; its output goes to log/NAME.log.
func (r *rig) spawn(p *part) error {
	log, err := os.OpenFile(r.log(p), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.exe, append(p.args, r.extra[p.name]...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.dir, log, log
	// The state is thrown away, so no part needs a graceful end; and a paused
	// one would not see a gentler signal.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	done, asked := make(chan struct{}), &atomic.Bool{}
	p.cmd, p.done, p.asked = cmd, done, asked
	go func() {
		_ = cmd.Wait()
		if !asked.Load() {
			text, _ := os.ReadFile(r.log(p))
			r.crashed <- fmt.Errorf("%s ended: %v; its log ends with:\n%s",
				p.name, cmd.ProcessState, text[max(0, len(text)-2000):])
		}
		close(done)
	}()
	return nil
}

func (r *rig) log(p *part) string { return filepath.Join(r.dir, "log", p.name+".log") }

func (r *rig) wait(ctx context.Context, name string, ready probe) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for {
		last := ready(ctx)
		if last == nil {
			return nil
		}
		select {
		case err := <-r.crashed:
			return err
		case <-ctx.Done():
			return fmt.Errorf("%s did not get ready: %w", name, last)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *part) stop() {
	if p.running() {
		p.asked.Store(true)
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// stopAll ends the children by their own ids only, the last one first.
func (r *rig) stopAll() {
	for i := len(r.parts) - 1; i >= 0; i-- {
		r.parts[i].stop()
	}
}
