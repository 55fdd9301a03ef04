//! Whether a target's forecasts are followed, and how well they do. Nothing in it changes more often
//! than forecasts are tried, once a day: what the last one says stands in the ScaledWorkload.

use plimsoll_domain::{Configured, Estimate, Evaluation, Foreseen, Mode, Ratio, Resource};

use super::condition::Condition;
use crate::fields::duration_text;

const TYPE: &str = "Forecasting";

/// The forecast of one resource of one container; `None` while there is none.
type Made<'a> = (&'a str, Resource, Option<&'a Foreseen>);

/// The condition of all forecasts of a target; `None` while nothing was evaluated.
pub(super) fn forecasting(evaluations: &[&Evaluation]) -> Option<Condition> {
    let made: Vec<Made<'_>> = evaluations.iter().flat_map(|evaluation| made(evaluation)).collect();
    condition(&made)
}

/// Of the containers and resources that are sized at all.
fn made(evaluation: &Evaluation) -> Vec<Made<'_>> {
    let Configured::Policy(policy) = &evaluation.configuration.configured else {
        return Vec::new();
    };
    let mut made = Vec::new();
    for container in &evaluation.containers {
        let entry = policy.containers.get(&container.name);
        let entry = entry.or_else(|| policy.containers.get(plimsoll_domain::ANY_CONTAINER));
        for (resource, estimate) in container.estimates.iter() {
            let mode = entry.and_then(|entry| entry.get(resource).mode.value);
            if mode == Some(Mode::Recommend) {
                continue;
            }
            let foreseen = match estimate {
                Estimate::Known(trail) => trail.foreseen.as_ref(),
                Estimate::Unknown(_) => None,
            };
            made.push((container.name.as_str(), resource, foreseen));
        }
    }
    made
}

fn condition(made: &[Made<'_>]) -> Option<Condition> {
    let first = made.first()?;
    let missing = made.iter().find(|(_, _, foreseen)| foreseen.is_none());
    let untried =
        made.iter().find(|(.., foreseen)| foreseen.is_some_and(|one| one.trial.is_none()));
    let losses = made.iter().filter_map(|(container, resource, foreseen)| {
        Some((container, resource, foreseen.and_then(|one| one.trial)?))
    });
    let worst =
        losses.max_by(|(.., a), (.., b)| a.loss_ratio.value().total_cmp(&b.loss_ratio.value()));
    let of = |container: &str, resource: Resource| format!("{container} {}", resource.name());
    let condition = |holds, reason, message| Some(Condition::new(TYPE, holds, reason, message));
    if let Some((container, resource, _)) = missing {
        let message = format!("There is no forecast of {} yet", of(container, *resource));
        return condition(false, "NoForecast", message);
    }
    if let Some((container, resource, foreseen)) = untried {
        let anew = if foreseen.is_some_and(|one| one.begins_anew) {
            ". It begins anew at every start: usage is stored only with --data-dir"
        } else {
            ""
        };
        let message = format!(
            "There is too little usage of {} to try forecasts on; what was seen stands in{anew}",
            of(container, *resource)
        );
        return condition(false, "NotTried", message);
    }
    let (container, resource, trial) = worst?;
    let lost = format!(
        "tried on the last days, those of {} lost {:.0} % of what repeating the window just over lost",
        of(container, *resource),
        tenths(trial.loss_ratio)
    );
    if !trial.has_skill() {
        return condition(false, "NoSkill", format!("Not all forecasts are followed: {lost}"));
    }
    let horizon = first.2.map_or_else(String::new, |one| duration_text(one.horizon));
    condition(true, "Followed", format!("Forecasts of the next {horizon} are followed: {lost}"))
}

/// To ten hundredths, so that the text stands while the figure hardly moves.
fn tenths(ratio: Ratio) -> f64 {
    (ratio.value() * 10.0).round() * 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{Amount, ForecastModel, Timestamp, Trial};
    use std::time::Duration;

    fn foreseen(loss: Option<f64>) -> Foreseen {
        let ratio = |value: f64| Ratio::new(value).unwrap();
        Foreseen {
            at: Timestamp::default(),
            horizon: Duration::from_mins(20),
            next: None,
            history: Duration::from_hours(48),
            begins_anew: false,
            expected: Amount::ZERO,
            quantile: ratio(0.9),
            covered: Amount::ZERO,
            trial: loss.map(|loss| Trial {
                model: ForecastModel::Regression,
                windows: 48,
                loss_ratio: ratio(loss),
                above: ratio(0.1),
            }),
        }
    }

    fn check(made: &[Option<Foreseen>], expect: Option<(bool, &str, &str)>) {
        let made: Vec<Made<'_>> =
            made.iter().map(|one| ("app", Resource::Cpu, one.as_ref())).collect();
        let found = condition(&made);
        let parts = found.as_ref().map(Condition::parts);
        assert_eq!(parts, expect);
    }

    #[test]
    fn the_worst_forecast_decides() {
        check(&[], None);
        check(&[None], Some((false, "NoForecast", "There is no forecast of app cpu yet")));
        check(
            &[Some(foreseen(Some(0.34))), Some(foreseen(None))],
            Some((
                false,
                "NotTried",
                "There is too little usage of app cpu to try forecasts on; what was seen stands in",
            )),
        );
        check(
            &[Some(foreseen(Some(0.34))), Some(foreseen(Some(1.52)))],
            Some((
                false,
                "NoSkill",
                "Not all forecasts are followed: tried on the last days, those of app cpu lost 150 % \
                 of what repeating the window just over lost",
            )),
        );
        check(
            &[Some(foreseen(Some(0.34)))],
            Some((
                true,
                "Followed",
                "Forecasts of the next 20m are followed: tried on the last days, those of app cpu \
                 lost 30 % of what repeating the window just over lost",
            )),
        );
    }
}
