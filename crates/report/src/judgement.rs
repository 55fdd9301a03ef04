//! How a judgement of `auto` reads: each number in a sentence of its own.

use std::fmt::Write as _;

use plimsoll_domain::{AutoVerdict, CpuWhy, Judgement, MemoryWhy, Ratio, Resource, Why};

use crate::quantity::format_step;
use crate::time::format_time;
use crate::view::{JudgementView, StageView};

/// A judgement as every output shows it.
pub(crate) fn judgement(judgement: &Judgement) -> JudgementView {
    let Judgement { at, verdict, why } = judgement;
    let mut stages = match why {
        Why::Cpu(why) => cpu(why),
        Why::Memory(why) => memory(why),
        Why::Burstable { day_peak } => {
            let peak = format_step(Resource::Memory, *day_peak);
            vec![stage("peak", format!("{peak} is the most it used within a day; 5 % is added"))]
        }
    };
    stages.push(stage("verdict", said(*verdict).to_owned()));
    JudgementView { at: format_time(*at), verdict: format!("{verdict:?}"), stages }
}

pub(crate) fn stage(name: &str, text: String) -> StageView {
    StageView { name: name.to_owned(), text }
}

fn cpu(why: &CpuWhy) -> Vec<StageView> {
    let step = |amount| format_step(Resource::Cpu, amount);
    let mut stages = vec![stage("risk price", price(why))];
    let cheapest = format!(
        "{} costs least, with {} of the time above it",
        step(why.cheapest),
        percent(why.time_above_cheapest)
    );
    stages.push(stage("cheapest", cheapest));
    if let Some(busiest) = why.busiest_pod {
        let text = format!("the busiest pod needs at least {}", step(busiest));
        stages.push(stage("busiest", text));
    }
    if let (Some(above), Some(gain)) = (why.time_above, why.gain) {
        let text = format!(
            "{} of the time above the request before; moving gains {}, and must gain more than {}",
            percent(above),
            percent(gain),
            percent(why.gain_needed)
        );
        stages.push(stage("worth", text));
    }
    stages
}

/// `366.9 = 100.0 x 3.7 as little of it is known; above its request for 0.1 % of the last days`.
fn price(why: &CpuWhy) -> String {
    let (set, debt) = (why.price_set.value(), why.debt_factor.value());
    let new = why.price.value() / (set * debt);
    let mut text = format!("{:.1}", why.price.value());
    if new >= VISIBLE || debt >= VISIBLE {
        write!(text, " = {set:.1}").ok();
    }
    if new >= VISIBLE {
        write!(text, " x {new:.1} as less than a day of it is known").ok();
    }
    if debt >= VISIBLE {
        write!(text, " x {debt:.1} for having been above its request").ok();
    }
    let lately = percent(why.time_above_lately);
    write!(text, "; it was above its request for {lately} of the last days").ok();
    text
}

/// A factor that is shown as more than 1.0.
const VISIBLE: f64 = 1.05;

fn memory(why: &MemoryWhy) -> Vec<StageView> {
    let step = |amount| format_step(Resource::Memory, amount);
    let margin = format!(
        "{} is the most it used in 30 days; {} is added, since it broke its peak {:.1} times in {:.1} \
         days, the older the less they count",
        step(why.peak),
        percent(why.margin),
        why.times_broken.value(),
        why.days.value()
    );
    let mut stages = vec![stage("peak", margin)];
    if let Some(floor) = why.floor {
        stages.push(stage("kill", format!("a recent kill for memory asks for {}", step(floor))));
    }
    if let Some(most) = why.most {
        let text = format!("it gets no more than {} while it grows or is killed", step(most));
        stages.push(stage("growth", text));
    }
    stages
}

fn said(verdict: AutoVerdict) -> &'static str {
    match verdict {
        AutoVerdict::First => "the first request",
        AutoVerdict::RaisedForGain => "raised: the time above the request costs more than the rise",
        AutoVerdict::RaisedForRisk => "raised: more time above the request than is allowed at all",
        AutoVerdict::RaisedAtOnce => "raised at once: above the request three times in a row",
        AutoVerdict::RaisedForPeak => "raised: a peak came near the request",
        AutoVerdict::RaisedAfterKill => "raised after a kill for memory",
        AutoVerdict::Lowered => "lowered: what is freed is worth more than the risk",
        AutoVerdict::NotWorthIt => "left alone: a change is not worth making",
        AutoVerdict::HeldAsLeak => "left alone: it fills all it is given, and looks like a leak",
        AutoVerdict::HeldByKill => "left alone: a recent kill holds the request up",
    }
}

pub(crate) fn percent(ratio: Ratio) -> String {
    format!("{:.1} %", ratio.percent())
}
