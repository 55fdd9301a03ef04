package main

import (
	"fmt"
	"path/filepath"
)

func (r *rig) etcdArgs() []string {
	client, peer := r.url("etcd"), r.url("etcdpeer")
	return []string{
		"--data-dir=" + filepath.Join(r.dir, "etcd"), "--name=rig",
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=rig=" + peer,
		"--socket-reuse-port", "--unsafe-no-fsync", "--log-level=warn",
	}
}

func (r *rig) apiserverArgs() []string {
	f := r.pki.path
	args := []string{
		"--etcd-servers=" + r.url("etcd"),
		"--bind-address=" + r.addr, fmt.Sprintf("--secure-port=%d", r.ports["apiserver"]), "--permit-port-sharing",
		"--advertise-address=" + r.addr,
		"--service-cluster-ip-range=10.96.0.0/16",
		"--tls-cert-file=" + f("serving.crt"), "--tls-private-key-file=" + f("serving.key"),
		"--client-ca-file=" + f("ca.crt"),
		"--kubelet-client-certificate=" + f("admin.crt"), "--kubelet-client-key=" + f("admin.key"),
		"--kubelet-certificate-authority=" + f("ca.crt"),
		"--kubelet-preferred-address-types=InternalIP,Hostname",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + f("sa.pub"), "--service-account-signing-key-file=" + f("sa.key"),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		// The front proxy's CA is its own: with the clients' CA, any client
		// could pose as the aggregator and so as anybody.
		"--requestheader-client-ca-file=" + f("front-proxy-ca.crt"), "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + f("front-proxy-client.crt"), "--proxy-client-key-file=" + f("front-proxy-client.key"),
		"--allow-privileged=true", "--profiling=false",
		// Tests that hammer the server measure themselves, not its fairness.
		"--enable-priority-and-fairness=false", "--max-requests-inflight=0", "--max-mutating-requests-inflight=0",
	}
	if r.loopback() {
		// The endpoint reconciler refuses a loopback address; without it
		// nothing reaches the API server through the "kubernetes" service.
		args = append(args, "--endpoint-reconciler-type=none")
	}
	return args
}

func (r *rig) kcmArgs() []string {
	f := r.pki.path
	return append(r.controllerArgs("kcm"),
		"--service-account-private-key-file="+f("sa.key"), "--root-ca-file="+f("ca.crt"),
		"--cluster-signing-cert-file="+f("ca.crt"), "--cluster-signing-key-file="+f("ca.key"),
		"--use-service-account-credentials=true",
		// The defaults would make a test of the horizontal autoscaler wait for minutes.
		"--horizontal-pod-autoscaler-sync-period=5s",
		"--horizontal-pod-autoscaler-downscale-stabilization=30s",
		"--horizontal-pod-autoscaler-cpu-initialization-period=15s",
		"--horizontal-pod-autoscaler-initial-readiness-delay=5s",
	)
}

func (r *rig) schedulerArgs() []string { return r.controllerArgs("scheduler") }

func (r *rig) controllerArgs(name string) []string {
	f, k := r.pki.path, filepath.Join(r.dir, name+".kubeconfig")
	return []string{
		"--kubeconfig=" + k, "--authentication-kubeconfig=" + k, "--authorization-kubeconfig=" + k,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", r.ports[name]), "--permit-port-sharing",
		"--tls-cert-file=" + f("serving.crt"), "--tls-private-key-file=" + f("serving.key"),
		"--leader-elect=false", "--kube-api-qps=500", "--kube-api-burst=1000", "--profiling=false",
	}
}
