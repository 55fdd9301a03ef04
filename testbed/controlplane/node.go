package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

// nodeAddr is the node's address in its network namespace, the same for every node.
const nodeAddr = "10.250.0.1"

//go:embed node.sh
var nodeScript string

// node runs "up" with a real node in mount, process and network namespaces of
// their own, which nothing in them can outlive.
func node(args []string) error {
	runtime.LockOSThread() // see up
	r, keep := parse(args)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if !keep {
		if err := os.Mkdir(r.dir, 0o700); err != nil {
			return err
		}
		defer os.RemoveAll(r.dir)
	}
	removeDeadCgroups()
	root := fmt.Sprintf("%s%d", cgroupPrefix, os.Getpid())
	if err := makeCgroups(root); err != nil {
		return err
	}
	defer removeCgroups(root)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go forward(l, "unix", r.socket())
	self, err := os.Executable()
	if err != nil {
		return err
	}
	script := append([]string{"-c", nodeScript, "node.sh", self, "up"}, args...)
	// The inner one keeps the directory: containers are still mounted in it.
	script = append(script, "-keep", "-addr", nodeAddr, "-cgroup-root", root, "-public", "https://"+l.Addr().String())
	cmd := exec.CommandContext(ctx, "/bin/sh", script...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
	return cmd.Run()
}

// socket leads to the API server from outside its network namespace: a Unix
// socket is found by its path alone.
func (r *rig) socket() string { return filepath.Join(r.dir, "api.sock") }

// forward joins every connection to l with a new one to the address.
func forward(l net.Listener, network, address string) {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer near.Close()
			far, err := net.Dial(network, address)
			if err != nil {
				return
			}
			defer far.Close()
			go func() {
				defer near.Close()
				defer far.Close()
				_, _ = io.Copy(far, near)
			}()
			_, _ = io.Copy(near, far)
		}()
	}
}
