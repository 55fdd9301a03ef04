//! What templates ask for, as text. A template is `<name> <skip|override>: <kind>/<name> ...`, or
//! `<name> unreadable`; a target is `<name> -> <kind>/<name>`, `<name> ~ <kind>/<name> ...` (a
//! selector) or `<name> -> nothing`, with `by <template>` where it was made and ` changed` where its
//! spec is no more what the template gave.

use plimsoll_domain::WorkloadKind;

use super::*;

fn workload(text: &str) -> WorkloadId {
    let (kind, name) = text.split_once('/').unwrap();
    WorkloadId { namespace: "shop".into(), kind: WorkloadKind::from_name(kind), name: name.into() }
}

struct Cluster {
    workloads: BTreeSet<WorkloadId>,
    keys: Vec<Key>,
}

impl Cluster {
    fn of(templates: &[&str], targets: &[&str]) -> Self {
        let words = templates.iter().chain(targets).flat_map(|line| line.split(' '));
        let workloads = words.filter(|word| word.contains('/')).map(workload).collect();
        let name = |line: &&str| Key::new("shop", line.split(' ').next().unwrap());
        Self { workloads, keys: targets.iter().map(name).collect() }
    }

    fn named(&self, text: &str) -> BTreeSet<&WorkloadId> {
        let words: Vec<_> =
            text.split(' ').filter(|word| word.contains('/')).map(workload).collect();
        self.workloads.iter().filter(|id| words.contains(id)).collect()
    }

    fn template<'a>(&'a self, line: &'a str) -> TemplateFacts<'a> {
        let (head, matches) = line.split_once(':').unwrap_or((line, ""));
        let (name, mode) = head.split_once(' ').unwrap();
        let matches = (mode != "unreadable").then(|| self.named(matches));
        TemplateFacts { name, overrides: mode == "override", matches, spec: 1 }
    }

    fn target<'a>(&'a self, key: &'a Key, line: &'a str) -> TargetFacts<'a> {
        let made = line.split_once(" by ").map(|(_, made)| Made {
            template: made.split(' ').next().unwrap(),
            spec: (!made.ends_with(" changed")).then_some(1),
        });
        let mut wanted = self.named(line).into_iter();
        let (names, selects) = if line.contains('~') {
            (None, wanted.collect())
        } else {
            (wanted.next().cloned(), Vec::new())
        };
        TargetFacts { key, uid: "u", made, names, selects }
    }
}

fn names(ids: &[&WorkloadId]) -> String {
    let names: Vec<_> = ids.iter().map(|id| &*id.name).collect();
    format!(" {}", names.join(" "))
}

fn step(step: &Step<'_>) -> String {
    match step {
        Step::Create { template, workload } => format!("create {} by {template}", workload.name),
        Step::Update { template, key, .. } => format!("update {} by {template}", key.name),
        Step::Release { key, .. } => format!("release {}", key.name),
    }
}

fn outcome((template, outcome): (&&str, &Outcome<'_>)) -> String {
    let Outcome { made, left, outranked, name_taken } = outcome;
    let outranked = outranked.iter().map(|(id, by)| format!(" {} (by {by})", id.name));
    let parts = [
        ("made", names(made)),
        ("left", names(left)),
        ("outranked", outranked.collect()),
        ("taken", names(name_taken)),
    ];
    let parts = parts.into_iter().filter(|(_, names)| !names.trim().is_empty());
    let parts: Vec<_> = parts.map(|(what, names)| format!("{what}{names}")).collect();
    format!("{template}: {}", parts.join("; "))
}

fn check(templates: &[&str], targets: &[&str], expect: &[&str]) {
    let cluster = Cluster::of(templates, targets);
    let facts = templates.iter().map(|line| cluster.template(line)).collect();
    let rows: Vec<_> =
        cluster.keys.iter().zip(targets).map(|(key, line)| cluster.target(key, line)).collect();
    let plan = plan(facts, &rows);
    let said = plan.steps.iter().map(step).chain(plan.outcomes.iter().map(outcome));
    assert_eq!(said.collect::<Vec<_>>(), expect, "{templates:?} {targets:?}");
}

#[test]
fn workloads_without_a_target_get_one() {
    check(
        &["a skip: Deployment/web StatefulSet/db"],
        &[],
        &["create web by a", "create db by a", "a: made web db"],
    );
}

#[test]
fn what_is_made_and_unchanged_needs_nothing() {
    check(&["a skip: Deployment/web"], &["web -> Deployment/web by a"], &["a: made web"]);
}

#[test]
fn a_target_whose_spec_was_changed_gets_the_templates_again() {
    check(
        &["a skip: Deployment/web"],
        &["web -> Deployment/web by a changed"],
        &["update web by a", "a: made web"],
    );
}

#[test]
fn a_target_goes_when_its_template_or_its_workload_does() {
    check(&[], &["web -> Deployment/web by a"], &["release web"]);
    check(&["a skip:"], &["web -> Deployment/web by a"], &["release web", "a: "]);
    check(&["a skip:"], &["web -> nothing by a"], &["release web", "a: "]);
}

#[test]
fn a_template_that_cannot_be_read_lets_go_of_nothing() {
    check(&["a unreadable"], &["web -> Deployment/web by a"], &["a: "]);
}

#[test]
fn a_persons_target_stays_under_skip_and_is_taken_over_under_override() {
    let own = ["mine -> Deployment/web"];
    check(&["a skip: Deployment/web"], &own, &["a: left web"]);
    check(&["a override: Deployment/web"], &own, &["update mine by a", "a: made web"]);
    check(&["a override: Deployment/web"], &["mine -> Deployment/web by a"], &["a: made web"]);
}

#[test]
fn a_target_made_here_goes_when_a_person_writes_one() {
    let both = ["mine -> Deployment/web", "web -> Deployment/web by a"];
    check(&["a skip: Deployment/web"], &both, &["release web", "a: left web"]);
    check(
        &["a override: Deployment/web"],
        &both,
        &["update mine by a", "release web", "a: made web"],
    );
}

#[test]
fn of_several_persons_targets_the_first_by_name_is_taken_over() {
    check(
        &["a override: Deployment/web"],
        &["first -> Deployment/web", "second -> Deployment/web"],
        &["update first by a", "a: made web"],
    );
}

#[test]
fn a_selector_is_left_its_workloads() {
    let selects = ["set ~ Deployment/web Deployment/api"];
    check(&["a override: Deployment/web"], &selects, &["a: left web"]);
    let both = ["set ~ Deployment/web", "web -> Deployment/web by a"];
    check(&["a skip: Deployment/web"], &both, &["release web", "a: left web"]);
}

#[test]
fn of_two_templates_the_first_by_name_wins_whatever_their_order() {
    let (first, second) = ("a skip: Deployment/web", "b override: Deployment/web Deployment/api");
    let expect =
        ["create web by a", "create api by b", "a: made web", "b: made api; outranked web (by a)"];
    check(&[first, second], &[], &expect);
    check(&[second, first], &[], &expect);
    check(&[first], &["web -> Deployment/web by b"], &["update web by a", "a: made web"]);
}

#[test]
fn a_name_that_is_taken_is_left() {
    check(
        &["a skip: Deployment/web StatefulSet/web"],
        &[],
        &["create web by a", "a: made web; taken web"],
    );
    let other = ["web -> Deployment/api"];
    check(&["a override: Deployment/web"], &other, &["a: taken web"]);
}
