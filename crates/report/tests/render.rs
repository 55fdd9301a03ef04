//! Every output of a few evaluations made by hand, compared with the text in `golden/`.
//! `PLIMSOLL_BLESS=1 cargo test -p plimsoll-report` writes the texts anew.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "goldens are files")]

mod made;

use std::fmt::Write as _;
use std::path::Path;

use plimsoll_domain::{Amount, Configured, Evaluation, OutcomeResult, Reason, Resource, Running};
use plimsoll_report::{
    AssignedView, EvaluationView, PolicyView, conditions, event, explain, format_amount, json,
    markdown, policies_json, policies_markdown, policies_table, policies_yaml, reason_reference,
    sentence, settings, table, yaml,
};

fn check(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("PLIMSOLL_BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{name} differs; found:\n{found}\nexpected:\n{expected}");
}

fn view(evaluation: &Evaluation) -> EvaluationView {
    EvaluationView::from(evaluation)
}

#[test]
fn explains_a_change_step_by_step() {
    check("applied.txt", &explain(&view(&made::applied())));
}

#[test]
fn explains_a_hold_with_both_numbers() {
    check("held.txt", &explain(&view(&made::held())));
}

#[test]
fn explains_what_cannot_be_read() {
    check("unreadable.txt", &explain(&view(&made::unreadable())));
}

#[test]
fn lists_workloads_in_columns_and_in_markdown() {
    let views = [made::applied(), made::held(), made::unreadable()].map(|e| view(&e));
    check("table.txt", &table(&views));
    check("table.md", &markdown(&views));
}

#[test]
fn lists_policies_and_who_has_them() {
    let held = view(&made::held());
    let Configured::Policy(policy) = &made::held().configuration.configured else {
        panic!("it has a policy")
    };
    let one = |name: &str, workloads: Vec<AssignedView>| PolicyView {
        name: name.to_owned(),
        order: 1000,
        is_default: workloads.is_empty(),
        origin: "built in".to_owned(),
        about: Some("For tests.".to_owned()),
        rules: vec!["namespaces kube-system".to_owned()],
        settings: settings(policy),
        remarks: if workloads.is_empty() { Vec::new() } else { held.remarks.clone() },
        workloads,
    };
    let assigned = AssignedView {
        workload: held.workload.clone(),
        why: "no rule matches".to_owned(),
        governor: held.governance.governor.clone(),
    };
    let policies = [one("web", vec![assigned]), one("rest", Vec::new())];
    check("policies.txt", &policies_table(&policies));
    check("policies.md", &policies_markdown(&policies));
    let json: serde_json::Value = serde_json::from_str(&policies_json(&policies).unwrap()).unwrap();
    assert_eq!(json[0]["workloads"][0]["workload"]["name"], "web");
    let yaml = policies_yaml(&policies).unwrap();
    assert_eq!(serde_saphyr::from_str::<serde_json::Value>(&yaml).unwrap(), json);
}

#[test]
fn writes_json_and_yaml_that_read_back_the_same() {
    let views = [made::applied(), made::held(), made::unreadable()].map(|e| view(&e));
    let text = json(&views).unwrap();
    check("views.json", &text);
    assert_eq!(serde_json::from_str::<Vec<EvaluationView>>(&text).unwrap(), views);
    let text = yaml(&views).unwrap();
    check("views.yaml", &text);
    assert_eq!(serde_saphyr::from_str::<Vec<EvaluationView>>(&text).unwrap(), views);
}

#[test]
fn conditions_say_what_is_the_matter() {
    let mut text = String::new();
    for (name, evaluation) in
        [("applied", made::applied()), ("held", made::held()), ("unreadable", made::unreadable())]
    {
        writeln!(text, "{name}").unwrap();
        for condition in conditions(&evaluation) {
            writeln!(
                text,
                "  {}={} {}: {}",
                condition.type_,
                condition.status.name(),
                condition.reason,
                condition.message
            )
            .unwrap();
        }
    }
    check("conditions.txt", &text);
}

#[test]
fn events_are_for_changes_and_for_another_hold() {
    let mut failed = made::applied();
    failed.outcomes[1].result = OutcomeResult::Refused { message: "quota exceeded".to_owned() };
    let mut dry = made::applied();
    dry.outcomes.iter_mut().for_each(|outcome| outcome.result = OutcomeResult::DryRun);
    let mut current = made::held();
    current.decision.running = Running::Hold(Reason::UpToDate);
    let (applied, held, unreadable) = (made::applied(), made::held(), made::unreadable());
    let mut text = String::new();
    for (name, previous, now) in [
        ("first look, a change", None, &applied),
        ("first look, a hold", None, &held),
        ("first look, unreadable", None, &unreadable),
        ("a change refused", Some(&applied), &failed),
        ("a dry run", Some(&applied), &dry),
        ("the same hold", Some(&held), &held),
        ("a hold after a change", Some(&applied), &current),
        ("unreadable after a hold", Some(&held), &unreadable),
    ] {
        let said = event(previous.map(view).as_ref(), &view(now)).map_or_else(
            || "none".to_owned(),
            |event| format!("{} {}: {}", event.kind.name(), event.reason, event.note),
        );
        writeln!(text, "{name}: {said}").unwrap();
    }
    check("events.txt", &text);
}

#[test]
fn notes_stay_within_what_the_events_api_accepts() {
    let mut refused = made::applied();
    refused.outcomes[0].result = OutcomeResult::Failed { message: "ü".repeat(2_000) };
    let note = event(None, &view(&refused)).unwrap().note;
    assert!(note.len() <= 1024 && note.ends_with("..."), "{}", note.len());
}

#[test]
fn the_reference_lists_every_reason() {
    check("reasons.md", &reason_reference());
}

#[test]
fn amounts_are_rounded_up_as_kubernetes_writes_them() {
    let amount = Amount::new(0.2 * 1.1).unwrap();
    assert_eq!(format_amount(Resource::Cpu, amount), "220m");
}

#[test]
fn a_reason_is_one_sentence_with_its_numbers() {
    let reason = Reason::RolloutInProgress { updated: 1, desired: 3 };
    assert_eq!(sentence(&reason), "A rollout is in progress: 1 of 3 pods are updated.");
}
