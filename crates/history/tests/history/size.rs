//! Histories stay as small as a large cluster needs them.

use plimsoll_domain::Resource;
use plimsoll_history::{ContainerHistory, MAX_LIVE_PODS};

use crate::mk::{Noise, mk_noisy_week, mk_sample, mk_span};

/// State of a running container: 100,000 of them fit into 800 MiB.
const STATE_BYTES_MAX: usize = 8 * 1024;

fn check(history: &ContainerHistory, bytes_max: usize) {
    let bytes = history.state_bytes();
    assert!(bytes <= bytes_max, "{bytes} bytes, expected {bytes_max}");
}

#[test]
fn a_week_of_noise_every_30_s_fits() {
    let history = mk_noisy_week("0b6f7d5c-3c1e-4b52-9d0a-5d2c8f3e9a71");
    let window = history.window(Resource::Cpu, &mk_span(168, 0, 7 * 86_400));
    assert_eq!(window.samples(), 7 * 2880);
    check(&history, STATE_BYTES_MAX);
}

#[test]
fn a_cron_job_with_a_pod_a_minute_costs_no_more_than_a_deployment() {
    let mut history = ContainerHistory::new();
    let mut noise = Noise(11);
    for minute in 0..10_080 {
        let pod = format!("pod-{minute}");
        for age in [20, 50] {
            let cpu = 0.2 * (0.4 * noise.gauss()).exp();
            let memory = 4e8 * (1.0 + 0.05 * noise.gauss());
            let second = minute * 60 + age;
            let age = u64::try_from(age).unwrap();
            assert!(history.observe(&mk_sample(&pod, second, age, cpu, memory)));
        }
        history.end_pod(&pod);
    }
    let window = history.window(Resource::Cpu, &mk_span(168, 0, 7 * 86_400));
    assert_eq!((window.samples(), window.pods(10)), (20_160, 1));
    check(&history, mk_noisy_week("a").state_bytes());
}

#[test]
fn pods_nobody_ends_are_ended_when_there_are_too_many() {
    let mut history = ContainerHistory::new();
    let pods = i64::try_from(MAX_LIVE_PODS).unwrap();
    for second in 0..pods + 2 {
        let pod = format!("pod-{second}");
        assert!(history.observe(&mk_sample(&pod, second, 60, 0.2, 4e8)));
    }
    assert_eq!(history.live_pods().count(), MAX_LIVE_PODS);
    assert!(!history.live_pods().any(|pod| pod == "pod-0" || pod == "pod-1"));
    let window = history.window(Resource::Cpu, &mk_span(24, 0, pods));
    assert_eq!(window.samples(), MAX_LIVE_PODS as u64 + 2);
}
