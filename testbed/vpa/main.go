// Command vpa-ingest measures how fast the model of the Vertical Pod Autoscaler takes usage in, on one
// core: the peer of `cargo run --release -p plimsoll-replay --example cost`, on the same samples.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	vpav1 "k8s.io/autoscaler/vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/v1"
	"k8s.io/autoscaler/vertical-pod-autoscaler/pkg/recommender/config"
	"k8s.io/autoscaler/vertical-pod-autoscaler/pkg/recommender/model"
)

// begin is 2026-01-01, midnight UTC.
const begin = 1_767_225_600

func main() {
	containers := flag.Int("containers", 1000, "how many containers, each the only one of its pod and its VPA object")
	readings := flag.Int("readings", 480, "how many readings of each, one every 30 s")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	if err := run(*containers, *readings); err != nil {
		fmt.Fprintln(os.Stderr, "vpa-ingest:", err)
		os.Exit(1)
	}
}

func run(containers, readings int) error {
	c := config.DefaultRecommenderConfig()
	model.InitializeAggregationsConfig(model.NewAggregationsConfig(c.MemoryAggregationInterval,
		c.MemoryAggregationIntervalCount, c.MemoryHistogramDecayHalfLife, c.CpuHistogramDecayHalfLife,
		c.OOMBumpUpRatio, c.OOMMinBumpUp))
	cluster := model.NewClusterState(time.Hour)
	ids := make([]model.ContainerID, containers)
	for n := range ids {
		app := "app-" + strconv.Itoa(n)
		set := labels.Set{"app": app}
		object := &vpav1.VerticalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{
			Namespace: "bench", Name: app, CreationTimestamp: metav1.NewTime(time.Unix(begin, 0))}}
		if err := cluster.AddOrUpdateVpa(object, labels.SelectorFromSet(set)); err != nil {
			return err
		}
		pod := model.PodID{Namespace: "bench", PodName: app + "-0"}
		ids[n] = model.ContainerID{PodID: pod, ContainerName: "app"}
		cluster.AddOrUpdatePod(pod, set, corev1.PodRunning)
		requests := model.Resources{
			model.ResourceCPU: model.CPUAmountFromCores(.5), model.ResourceMemory: model.MemoryAmountFromBytes(5e8)}
		if err := cluster.AddOrUpdateContainer(ids[n], requests); err != nil {
			return err
		}
	}
	started := time.Now()
	for reading := range readings {
		at := time.Unix(begin+int64(reading)*30, 0)
		for n, id := range ids {
			cpu, memory := usage(n, reading)
			for _, one := range []model.ContainerUsageSample{
				{MeasureStart: at, Usage: model.CPUAmountFromCores(cpu), Resource: model.ResourceCPU},
				{MeasureStart: at, Usage: model.MemoryAmountFromBytes(memory), Resource: model.ResourceMemory},
			} {
				if err := cluster.AddSample(&model.ContainerUsageSampleWithKey{Container: id, ContainerUsageSample: one}); err != nil {
					return err
				}
			}
		}
	}
	seconds := time.Since(started).Seconds()
	count := float64(containers) * float64(readings)
	fmt.Printf("%.0f readings of CPU and memory in %.2f s: %.0f a second\n", count, seconds, count/seconds)
	return nil
}

// usage wanders over a factor of four for CPU and 1.2 for memory, without any rhythm.
func usage(container, reading int) (cores, bytes float64) {
	chance := func(factor int) float64 {
		return float64(((reading+container*31)*factor)%10_007) / 10_007
	}
	return .1 + .3*chance(7919), 4e8 + 8e7*chance(6271)
}
