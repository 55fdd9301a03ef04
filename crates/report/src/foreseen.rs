//! How a forecast reads: each number in a sentence of its own.

use plimsoll_domain::{ForecastModel, Foreseen, Resource, Trial};

use crate::judgement::{percent, stage};
use crate::quantity::format_step;
use crate::time::{format_duration, format_time};
use crate::view::{JudgementView, StageView};

/// A forecast as every output shows it.
pub(crate) fn foreseen(resource: Resource, foreseen: &Foreseen) -> JudgementView {
    let mut stages = vec![stage("forecast", made(resource, foreseen))];
    stages.push(trial(foreseen.trial.as_ref()));
    let verdict = foreseen.code().to_owned();
    JudgementView { at: format_time(foreseen.at), verdict, stages }
}

fn made(resource: Resource, foreseen: &Foreseen) -> String {
    let step = |amount| format_step(resource, amount);
    let next = foreseen.next.map_or_else(
        || ", and none is due any more".to_owned(),
        |next| format!(", the next one is due at {}", format_time(next)),
    );
    let anew = if foreseen.begins_anew {
        ", all of it seen since this replica started (usage is stored only with --data-dir)"
    } else {
        ""
    };
    format!(
        "in the {} after {} usage peaks at {} or below in one case of two, at {} or below in {} of all; \
         made from {} of usage{anew}{next}",
        format_duration(foreseen.horizon),
        format_time(foreseen.at),
        step(foreseen.expected),
        step(foreseen.covered),
        percent(foreseen.quantile),
        format_duration(foreseen.history)
    )
}

fn trial(trial: Option<&Trial>) -> StageView {
    let Some(trial) = trial else {
        let text = "not followed yet: there is too little usage to try forecasts on";
        return stage("trial", text.to_owned());
    };
    let so = if trial.has_skill() {
        "followed"
    } else {
        "not followed: what was just used tells as much"
    };
    let text = format!(
        "{so}; tried on the last {} windows, {} lost {} of what repeating the window just over lost, \
         and {} of them peaked above the 90th percentile",
        trial.windows,
        forecast_model(trial.model),
        percent(trial.loss_ratio),
        percent(trial.above)
    );
    stage("trial", text)
}

/// What forecasts, in words.
pub fn forecast_model(model: ForecastModel) -> &'static str {
    match model {
        ForecastModel::Regression => "the regression",
        ForecastModel::DayBefore => "repeating the day before",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plimsoll_domain::{Amount, Ratio, Timestamp};

    use super::*;

    fn said(begins_anew: bool) -> String {
        let made = Foreseen {
            at: Timestamp::from_seconds(1_800_000_000),
            horizon: Duration::from_mins(20),
            next: None,
            history: Duration::from_hours(3),
            begins_anew,
            expected: Amount::from_millicores(100),
            quantile: Ratio::new(0.9).unwrap_or(Ratio::ZERO),
            covered: Amount::from_millicores(200),
            trial: None,
        };
        foreseen(Resource::Cpu, &made).stages[0].text.clone()
    }

    #[test]
    fn a_forecast_that_begins_anew_at_every_start_says_so() {
        let anew =
            ", all of it seen since this replica started (usage is stored only with --data-dir)";
        let expect = said(false).replace("of usage", &format!("of usage{anew}"));
        assert_ne!(said(false), expect);
        assert_eq!(said(true), expect);
    }
}
