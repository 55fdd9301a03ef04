//! Histories as bytes and back.

use plimsoll_domain::{Amount, OomKill, Resource};
use plimsoll_history::{ContainerHistory, SnapshotError};
use proptest::prelude::*;

use crate::mk::{mk_noisy_week, mk_quantile, mk_sample, mk_span, mk_time};
use crate::properties::{mk_history, samples};

/// Damages the snapshot of a small history; expects what is said about it.
fn check(damage: impl FnOnce(&mut Vec<u8>), expect: SnapshotError) {
    let mut bytes = mk_small().snapshot();
    damage(&mut bytes);
    assert_eq!(ContainerHistory::restore(&bytes), Err(expect));
}

fn mk_small() -> ContainerHistory {
    let mut history = ContainerHistory::new();
    for hour in 0..3 {
        for pod in ["a", "b"] {
            history.observe(&mk_sample(pod, hour * 3600, 60, 0.2, 4e8));
        }
    }
    let kill = OomKill { at: mk_time(1800), limit: Amount::new(5e8) };
    history.oom_kill("a", &kill);
    history.end_pod("b");
    history
}

#[test]
fn a_week_comes_back_as_it_was() {
    let mut history = mk_noisy_week("a");
    history.forget(mk_time(7 * 86_400));
    let restored = ContainerHistory::restore(&history.snapshot()).unwrap();
    assert_eq!(restored, history);
    assert_eq!(restored.snapshot(), history.snapshot());
    let span = mk_span(168, 120, 7 * 86_400);
    for resource in Resource::ALL {
        assert_eq!(restored.window(resource, &span), history.window(resource, &span));
    }
    assert_eq!(
        restored.coverage(span.look_back, span.now),
        history.coverage(span.look_back, span.now)
    );
}

#[test]
fn an_empty_history_comes_back_empty() {
    let empty = ContainerHistory::new();
    assert_eq!(ContainerHistory::restore(&empty.snapshot()), Ok(empty));
}

#[test]
fn other_bytes_are_refused_by_name() {
    check(Vec::clear, SnapshotError::NotASnapshot);
    check(|bytes| bytes[0] ^= 1, SnapshotError::NotASnapshot);
    check(|bytes| bytes[8] = 0, SnapshotError::UnknownVersion { found: 0 });
    check(|bytes| bytes[8] = 3, SnapshotError::UnknownVersion { found: 3 });
    check(|bytes| bytes.push(0), SnapshotError::TrailingBytes);
    check(|bytes| bytes[10] = 9, SnapshotError::Malformed { what: "mark of presence" });
}

#[test]
fn a_snapshot_cut_anywhere_is_refused() {
    let bytes = mk_small().snapshot();
    for length in 0..bytes.len() {
        let cut = ContainerHistory::restore(&bytes[..length]);
        assert!(cut.is_err(), "cut to {length} bytes");
    }
}

/// Asks everything that can be asked: what restored once must answer without a panic.
fn ask_everything(mut history: ContainerHistory) {
    let span = mk_span(168, 120, 86_400);
    for resource in Resource::ALL {
        let window = history.window(resource, &span);
        window.mean_quantile(mk_quantile(0.8), 1);
    }
    history.coverage(span.look_back, span.now);
    history.runs(span.look_back, span.now);
    history.oldest_seen();
    history.observe(&mk_sample("a", 90_000, 60, 0.2, 4e8));
    let live: Vec<String> = history.live_pods().map(str::to_owned).collect();
    for pod in live {
        history.end_pod(&pod);
    }
    history.forget(mk_time(2 * 86_400));
    history.snapshot();
}

proptest! {
    #[test]
    fn every_history_comes_back_as_it_was(samples in samples(), ends in any::<bool>()) {
        let mut history = mk_history(&samples);
        if ends {
            history.end_pod("pod-1");
        }
        prop_assert_eq!(ContainerHistory::restore(&history.snapshot()), Ok(history));
    }

    #[test]
    fn random_bytes_do_no_harm(tail in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut bytes = mk_small().snapshot();
        bytes.truncate(10);
        bytes.extend(tail);
        if let Ok(history) = ContainerHistory::restore(&bytes) {
            ask_everything(history);
        }
    }

    #[test]
    fn flipped_bits_do_no_harm(flips in prop::collection::vec(any::<prop::sample::Index>(), 1..4)) {
        let mut bytes = mk_small().snapshot();
        for flip in flips {
            let bit = flip.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        if let Ok(history) = ContainerHistory::restore(&bytes) {
            ask_everything(history);
        }
    }
}
