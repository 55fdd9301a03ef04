package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// readCommands passes on the lines of standard input, and calls end when there
// will be no more: the starter has closed its end, or is gone.
func readCommands(end func()) <-chan string {
	lines := make(chan string)
	go func() {
		defer end()
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			lines <- in.Text()
		}
	}()
	return lines
}

// serve carries out commands, one line of standard input and one reply each:
//
//	stop PART      ends it at once, as a crash would
//	pause PART     freezes it: connections to it hang
//	resume PART
//	restart PART   starts it (again) and waits until it is ready
func (r *rig) serve(ctx context.Context, lines <-chan string) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-r.crashed:
			return err
		case line := <-lines:
			if err := r.reply(r.command(ctx, line)); err != nil {
				return err
			}
		}
	}
}

func (r *rig) command(ctx context.Context, line string) error {
	verb, name, _ := strings.Cut(line, " ")
	for _, p := range r.parts {
		if p.name != name {
			continue
		}
		switch verb {
		case "stop":
			p.stop()
			return nil
		case "pause":
			return p.cmd.Process.Signal(syscall.SIGSTOP)
		case "resume":
			return p.cmd.Process.Signal(syscall.SIGCONT)
		case "restart":
			p.stop()
			if err := r.spawn(p); err != nil {
				return err
			}
			return r.wait(ctx, name, p.ready)
		}
	}
	return fmt.Errorf("cannot %q", line)
}
