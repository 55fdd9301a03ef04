//! What is said of a workload beside its sizes.

use plimsoll_domain::{ApplyType, Grouping, Schedule, Settings};

use crate::document::Value;
use crate::fields::Kind;
use crate::read::{Place, Reader, Said};

/// Reads `containersGrouping`; a rule that is not whole is refused, and all with it.
pub(super) fn grouping(reader: &mut Reader, place: &Place<'_>) -> Option<Vec<Grouping>> {
    let is_list = place.value().is_some_and(|value| matches!(value, Value::Seq(_)));
    if !is_list {
        return None;
    }
    let mut all = Some(Vec::new());
    for rule in place.elements() {
        match (one(reader, &rule), &mut all) {
            (Some(rule), Some(all)) => all.push(rule),
            (None, _) => all = None,
            (Some(_), None) => {}
        }
    }
    all
}

fn one(reader: &mut Reader, rule: &Place<'_>) -> Option<Grouping> {
    let key = reader.word(&rule.get("key"));
    let operator = reader.word(&rule.get("operator"));
    let contains = reader.texts(&rule.get("values"));
    let into = reader.text(&rule.get("into"));
    // There is one key and one operator so far.
    key.and(operator)?;
    Some(Grouping { contains: contains?, into: into? })
}

/// Reads `schedule.type`.
pub(super) fn schedule(reader: &mut Reader, place: &Place<'_>) -> Said<Schedule> {
    let schedule = |word| if word == "jobLike" { Schedule::JobLike } else { Schedule::Continuous };
    reader.or_word(place, Kind::word).map(|word| word.map(schedule))
}

/// Refuses the behavior that needs changes at once where changes are left to new pods.
pub(super) fn rollout(reader: &mut Reader, top: &Place<'_>, settings: &Settings) {
    let is_deferred = settings.vertical.apply_type == Some(ApplyType::Deferred);
    if is_deferred && reader.kept("rolloutBehavior.type") == Some("NoDisruption") {
        let message = "found NoDisruption, which vertical.applyType deferred excludes; expected one of them only";
        reader.error(&top.get("rolloutBehavior.type"), message.to_owned());
    }
    reader.forget_refused("rolloutBehavior");
}
