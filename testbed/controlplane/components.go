package main

import (
	"context"
	"os"
	_ "time/tzdata" // CronJob time zones

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	kcm "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// components run with os.Args already rewritten to [name, flags...] and return
// when the component has ended.
var components = map[string]func() int{
	"etcd":      func() int { etcdmain.Main(os.Args); return 0 },
	"apiserver": func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kcm":       func() int { return cli.Run(kcm.NewControllerManagerCommand()) },
	"scheduler": func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
	"kubelet":   func() int { return cli.Run(kubelet.NewKubeletCommand(context.Background())) },
}
