//! What the resolver does again, and what it does not.

use std::sync::Arc;

use plimsoll_domain::{Origin, Parsed, WorkloadId, WorkloadKind};
use plimsoll_policy::{BuiltIn, Resolver, SharedDocuments};

use crate::case::{self, Case};

/// Resolves each of `workloads` under each of `editions` of the policies in turn, and says after each
/// how many configurations were resolved, how often all rules were asked, and how often only those of
/// changed policies.
#[track_caller]
fn check(workloads: &[&str], editions: &[&str], expect: &[[u64; 3]]) {
    let workloads: Vec<_> = workloads.iter().map(|text| Case::parse(text)).collect();
    let mut resolver = Resolver::new(Arc::default(), BuiltIn::default());
    let mut before = resolver.counts();
    let mut counts = Vec::new();
    for edition in editions {
        if *edition != "same" {
            resolver.set_catalog(Arc::new(Case::parse(edition).catalog()));
        }
        for (index, workload) in workloads.iter().enumerate() {
            let name = format!("w{index}");
            let kind = WorkloadKind::Deployment;
            let id = WorkloadId { namespace: "shop".into(), kind, name: name.into() };
            resolver.resolve(&id, &workload.sources());
        }
        resolver.forget_unused();
        let now = resolver.counts();
        counts.push([
            now.resolved - before.resolved,
            now.assigned - before.assigned,
            now.reviewed - before.reviewed,
        ]);
        before = now;
    }
    assert_eq!(counts, expect, "{workloads:?} {editions:?}");
}

const SHOP: &str = "workload shop/Deployment";
const DEV: &str = "workload dev/Deployment";

#[test]
fn equal_workloads_are_one_and_nothing_is_done_twice() {
    check(&[SHOP, SHOP, DEV], &["", "same"], &[[1, 3, 0], [0, 0, 0]]);
    check(&["target t by=name", SHOP], &["", "same"], &[[2, 1, 0], [0, 0, 0]]);
}

#[test]
fn an_edit_reaches_only_the_workloads_of_the_policy() {
    let first = "policy a cpu.max=1\nrule names=shop\npolicy b\nrule names=dev";
    let other_settings = "policy a cpu.max=2\nrule names=shop\npolicy b\nrule names=dev";
    let other_rules = "policy a cpu.max=2\nrule names=shop,x\npolicy b\nrule names=dev";
    check(
        &[SHOP, SHOP, DEV],
        &[first, other_settings, other_rules],
        // Other settings: one configuration again, no rule asked. Other rules: those of the policy, and
        // for its own workloads all; nothing else comes of it.
        &[[2, 3, 0], [1, 0, 3], [0, 2, 3]],
    );
}

#[test]
fn a_new_policy_takes_over_what_it_matches() {
    check(
        &[SHOP, DEV],
        &["policy b\nrule names=dev", "policy a\nrule names=shop\npolicy b\nrule names=dev"],
        &[[2, 2, 0], [1, 1, 2]],
    );
    check(&[SHOP, DEV], &["", "policy a default"], &[[1, 2, 0], [1, 2, 2]]);
    // One that comes later in the order takes nothing from it.
    check(
        &[SHOP],
        &["policy b\nrule", "policy b\nrule\npolicy c order=1\nrule"],
        &[[1, 1, 0], [0, 0, 1]],
    );
}

#[test]
fn names_that_come_and_go() {
    let named = "workload shop/Deployment\nannotation policy=a";
    check(
        &[named],
        &["", "policy b\nrule", "policy a", "policy a cpu.max=1", ""],
        &[[1, 1, 0], [0, 0, 1], [1, 1, 1], [1, 0, 1], [1, 1, 1]],
    );
}

#[test]
fn a_policy_that_ships_is_resolved_again_when_an_object_is_laid_over_it() {
    check(&[SHOP], &["", "policy auto cpu.max=1", ""], &[[1, 1, 0], [1, 0, 1], [1, 0, 1]]);
}

#[test]
fn a_document_is_read_once_for_as_long_as_it_is_held() {
    let mut documents = SharedDocuments::default();
    let mut reads = 0;
    let mut read = |text: &str| -> Parsed {
        reads += 1;
        case::parsed(text, &Origin::Annotation)
    };
    let first = documents.get("cpu.max=1", &mut read);
    let second = documents.get("cpu.max=1", &mut read);
    assert!(Arc::ptr_eq(&first, &second));
    drop((first, second));
    for index in 0..10_000 {
        documents.get(&format!("cpu.max={index}"), &mut read);
    }
    assert!(documents.len() <= 1000, "{}", documents.len());
    documents.get("cpu.max=1", &mut read);
    assert_eq!(reads, 1 + 10_000 + 1);
}
