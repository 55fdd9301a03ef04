package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	nodeName = "node-a"
	// outside is where, in the node's network, a server of the test answers.
	outside          = "127.0.0.1:10444"
	containerdSocket = "/run/containerd/containerd.sock"
)

var (
	//go:embed containerd.toml
	containerdConfig string
	//go:embed cni.conflist
	cniConfig string
	//go:embed kubelet.yaml
	kubeletConfig string
)

// startNode starts containerd with its one image, and the kubelet, and waits until
// the node can take pods.
func (r *rig) startNode(ctx context.Context) error {
	fill := strings.NewReplacer("DIR", r.dir, "ADDR", r.addr, "ROOT", r.cgroupRoot)
	file := func(name string) string { return filepath.Join(r.dir, name) }
	if err := errors.Join(
		os.MkdirAll(file("cni"), 0o755),
		os.WriteFile(file("cni/rig.conflist"), []byte(cniConfig), 0o644),
		os.WriteFile(file("containerd.toml"), []byte(fill.Replace(containerdConfig)), 0o644),
		os.WriteFile(file("kubelet.yaml"), []byte(fill.Replace(kubeletConfig)), 0o644),
	); err != nil {
		return err
	}
	l, err := net.Listen("unix", r.socket())
	if err != nil {
		return err
	}
	go forward(l, "tcp", strings.TrimPrefix(r.url("apiserver"), "https://"))
	back, err := net.Listen("tcp", outside)
	if err != nil {
		return err
	}
	go forward(back, "unix", file("outside.sock"))
	containerd := newPart("containerd", []string{"--config=" + file("containerd.toml")}, containerdReady)
	containerd.exe, containerd.args = "containerd", containerd.args[1:]
	if err := r.run(ctx, containerd); err != nil {
		return err
	}
	if err := r.importImage(ctx); err != nil {
		return err
	}
	return r.run(ctx, newPart("kubelet", []string{
		"--config=" + file("kubelet.yaml"), "--kubeconfig=" + file("kubelet.kubeconfig"),
		"--hostname-override=" + nodeName, "--node-ip=" + r.addr,
		"--root-dir=" + file("kubelet"), "--cert-dir=" + file("kubelet/pki"),
	}, r.nodeReady))
}

func containerdReady(ctx context.Context) error {
	return exec.CommandContext(ctx, "ctr", "--address", containerdSocket, "version").Run()
}

func (r *rig) importImage(ctx context.Context) error {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	archive := filepath.Join(r.dir, "busybox.tar")
	if err := writeImage(archive, "test.local/busybox:1", busybox); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "ctr", "--address", containerdSocket,
		"--namespace", "k8s.io", "images", "import", archive).CombinedOutput()
	if err != nil {
		return fmt.Errorf("import the image: %w: %s", err, out)
	}
	return os.Remove(archive)
}

// nodeReady is a probe: the kubelet answers, and the API server knows that its
// node is ready.
func (r *rig) nodeReady(ctx context.Context) error {
	if err := r.get(fmt.Sprintf("https://%s:10250/healthz", r.addr))(ctx); err != nil {
		return err
	}
	var node struct {
		Status struct {
			Conditions []struct{ Type, Status, Message string }
		}
	}
	body, err := r.fetch(ctx, r.url("apiserver")+"/api/v1/nodes/"+nodeName)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, &node); err != nil {
		return err
	}
	for _, c := range node.Status.Conditions {
		if c.Type == "Ready" && c.Status == "True" {
			return nil
		}
	}
	return fmt.Errorf("node conditions are %+v", node.Status.Conditions)
}
