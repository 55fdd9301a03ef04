//! What containers demand over time, and the short text a pod's annotation says it in.

use std::{num::NonZeroU32, str::FromStr, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use plimsoll_api::{parse_duration, parse_quantity};
use plimsoll_domain::{Amount, PerResource, Ratio, Resource, Resources, Timestamp};

/// What a container would use if no limit held it back.
#[derive(Clone, Debug, PartialEq)]
pub enum UsageModel {
    /// The same for ever.
    Constant(PerResource<Amount>),
    /// The same for ever, another for each pod of one owner: the first pod created gets the first
    /// amount, and after the last amount comes the first again. A missing list means none used.
    ByOrdinal(PerResource<Vec<Amount>>),
    /// Steps in order of time.
    Script {
        /// What is demanded from each step on; nothing before the first.
        steps: Vec<ScriptStep>,
        /// Begins again after this long; otherwise the last step stays.
        repeat: Option<Duration>,
    },
    /// Recorded usage, from its first point on and over again; each value holds until the next.
    /// The points of a [`plimsoll_replay::trace::Series`] fit.
    Trace(PerResource<Vec<(Timestamp, Amount)>>),
    /// A gentle wave of ten minutes around this share of the request; a container without a
    /// request demands nothing.
    ShareOfRequest(Ratio),
}

/// One step of a script.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScriptStep {
    /// Since the script began.
    pub at: Duration,
    /// What is demanded from then on.
    pub usage: PerResource<Amount>,
}

/// Whose demand is asked for, and when.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Since the container started, or since the model was set if that is later.
    pub elapsed: Duration,
    /// The pod's place among the pods of its owner, from 0.
    pub ordinal: usize,
}

impl UsageModel {
    /// The demand at a moment.
    pub fn demand(&self, moment: Moment, resources: &Resources) -> PerResource<Amount> {
        match self {
            Self::Constant(usage) => *usage,
            Self::ByOrdinal(lists) => PerResource::from_fn(|resource| {
                let mut amounts = lists.get(resource).iter().cycle();
                amounts.nth(moment.ordinal).copied().unwrap_or_default()
            }),
            Self::Script { steps, repeat } => script(steps, *repeat, moment.elapsed),
            Self::Trace(series) => {
                PerResource::from_fn(|resource| recorded(series.get(resource), moment.elapsed))
            }
            Self::ShareOfRequest(share) => PerResource::from_fn(|resource| {
                let request = resources.get(resource).request.unwrap_or_default();
                request.scaled(*share).scaled(wave(resource, moment))
            }),
        }
    }

    /// The same with time passing so many times as fast, to the second: a recording with a value
    /// every five minutes changes every five seconds at 60. Where time plays no part, no change.
    #[must_use]
    pub fn faster(self, times: NonZeroU32) -> Self {
        match self {
            Self::Script { mut steps, repeat } => {
                for step in &mut steps {
                    step.at /= times.get();
                }
                Self::Script { steps, repeat: repeat.map(|period| period / times.get()) }
            }
            Self::Trace(mut series) => {
                for points in [&mut series.cpu, &mut series.memory] {
                    let first = points.first().map(|(at, _)| *at).unwrap_or_default();
                    for (at, _) in points {
                        *at = first.plus(at.since(first) / times.get());
                    }
                }
                Self::Trace(series)
            }
            Self::Constant(_) | Self::ByOrdinal(_) | Self::ShareOfRequest(_) => self,
        }
    }

    /// Recorded usage from two tables of `timestamp_s,value` rows (cores and bytes), sorted by
    /// time; a first row that is no pair of numbers is taken as the heading.
    pub fn from_csv(cpu: &str, memory: &str) -> Result<Self> {
        let cpu = series(cpu).context("read the CPU series")?;
        let memory = series(memory).context("read the memory series")?;
        Ok(Self::Trace(PerResource { cpu, memory }))
    }
}

fn script(
    steps: &[ScriptStep],
    repeat: Option<Duration>,
    elapsed: Duration,
) -> PerResource<Amount> {
    let at = match repeat {
        Some(period) => into_period(elapsed, period),
        None => elapsed,
    };
    let step = steps.iter().rev().find(|step| step.at <= at);
    step.map(|step| step.usage).unwrap_or_default()
}

fn recorded(points: &[(Timestamp, Amount)], elapsed: Duration) -> Amount {
    let ([(first, _), ..], [.., (before, _), (last, _)]) = (points, points) else {
        return points.first().map(|(_, amount)| *amount).unwrap_or_default();
    };
    // The last value holds as long as the one before it did.
    let period = last.since(*first) + last.since(*before);
    let at = first.plus(into_period(elapsed, period));
    let next = points.partition_point(|(time, _)| *time <= at);
    next.checked_sub(1).and_then(|i| points.get(i)).map(|(_, amount)| *amount).unwrap_or_default()
}

fn into_period(elapsed: Duration, period: Duration) -> Duration {
    Duration::from_secs(elapsed.as_secs().checked_rem(period.as_secs()).unwrap_or(0))
}

/// Around 1, up and down once in ten minutes, each pod a little later than the one before it.
/// Memory moves less than CPU does, as it does in most programs.
fn wave(resource: Resource, moment: Moment) -> Ratio {
    const PERIOD: f64 = 600.0;
    const PHASE: f64 = 37.0;
    let height = match resource {
        Resource::Cpu => 0.2,
        Resource::Memory => 0.05,
    };
    let turns = (moment.elapsed.as_secs_f64() + moment.ordinal as f64 * PHASE) / PERIOD;
    Ratio::new(1.0 + height * (turns * std::f64::consts::TAU).sin()).unwrap_or(Ratio::ONE)
}

fn series(csv: &str) -> Result<Vec<(Timestamp, Amount)>> {
    let mut points: Vec<(Timestamp, Amount)> = Vec::new();
    for (number, line) in csv.lines().enumerate() {
        let pair = line.split_once(',').and_then(|(at, value)| {
            Some((at.trim().parse::<i64>().ok()?, value.trim().parse::<f64>().ok()?))
        });
        let Some((at, value)) = pair else {
            ensure!(number == 0, "line {}: expected timestamp_s,value", number + 1);
            continue;
        };
        let at = Timestamp::from_seconds(at);
        let later = points.last().is_none_or(|(last, _)| *last < at);
        ensure!(later, "line {}: time does not go forward", number + 1);
        let amount = Amount::new(value);
        points.push((at, amount.with_context(|| format!("line {}: negative", number + 1))?));
    }
    Ok(points)
}

impl FromStr for UsageModel {
    type Err = anyhow::Error;

    /// `cpu=180m,memory=300Mi`; `cpu=180m|220m|200m,memory=300Mi` by ordinal;
    /// `script: 0s cpu=100m,memory=200Mi; 60s cpu=1; repeat 120s`; `share: 30%` of the request.
    fn from_str(text: &str) -> Result<Self> {
        if let Some(script) = text.strip_prefix("script:") {
            return parse_script(script);
        }
        if let Some(share) = text.strip_prefix("share:") {
            let percent = share.trim().strip_suffix('%').and_then(|it| it.parse::<f64>().ok());
            let share = percent.and_then(|percent| Ratio::new(percent / 100.0));
            return Ok(Self::ShareOfRequest(share.context("expected `share: 30%`")?));
        }
        let lists = parse_lists(text)?;
        let single = lists.iter().all(|(_, list)| list.len() <= 1);
        let first = |list: &Vec<Amount>| list.first().copied().unwrap_or_default();
        Ok(if single {
            Self::Constant(PerResource { cpu: first(&lists.cpu), memory: first(&lists.memory) })
        } else {
            Self::ByOrdinal(lists)
        })
    }
}

fn parse_script(text: &str) -> Result<UsageModel> {
    let (mut steps, mut repeat, mut usage) = (Vec::new(), None, PerResource::default());
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (word, rest) = part.split_once(' ').with_context(|| format!("{part:?} is no step"))?;
        if word == "repeat" {
            repeat = Some(parse_duration(rest)?);
            continue;
        }
        // A step says what changes; a resource it does not name stays as it was.
        for (resource, list) in parse_lists(rest)?.iter() {
            if let Some(amount) = list.first() {
                *usage.get_mut(resource) = *amount;
            }
        }
        let at = parse_duration(word)?;
        let later = steps.last().is_none_or(|last: &ScriptStep| last.at < at);
        ensure!(later, "step {part:?} is not later than the one before it");
        steps.push(ScriptStep { at, usage });
    }
    Ok(UsageModel::Script { steps, repeat })
}

fn parse_lists(text: &str) -> Result<PerResource<Vec<Amount>>> {
    let mut lists = PerResource::<Vec<Amount>>::default();
    for part in text.split(',').map(str::trim) {
        let (name, amounts) =
            part.split_once('=').with_context(|| format!("{part:?} is not cpu=.. or memory=.."))?;
        let amounts: Option<Vec<Amount>> =
            amounts.split('|').map(|text| parse_quantity(text).ok()).collect();
        let amounts = amounts.with_context(|| format!("{part:?} holds no quantity"))?;
        match name.trim() {
            "cpu" => lists.cpu = amounts,
            "memory" => lists.memory = amounts,
            other => bail!("{other:?} is neither cpu nor memory"),
        }
    }
    Ok(lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `moments` are (seconds, ordinal); demand is in millicores and MiB.
    fn check(text: &str, moments: &[(u64, usize)], expect: &[(f64, f64)]) {
        let model: UsageModel = text.parse().unwrap();
        assert_eq!(demands(&model, moments), expect, "{text}");
    }

    fn demands(model: &UsageModel, moments: &[(u64, usize)]) -> Vec<(f64, f64)> {
        let mut resources = Resources::default();
        resources.cpu.request = Some(Amount::from_millicores(1000));
        let at = |(seconds, ordinal): &(u64, usize)| {
            let moment = Moment { elapsed: Duration::from_secs(*seconds), ordinal: *ordinal };
            let demand = model.demand(moment, &resources);
            (
                (demand.cpu.value() * 1e3).round(),
                (demand.memory.value() / f64::from(1 << 20)).round(),
            )
        };
        moments.iter().map(at).collect()
    }

    #[test]
    fn a_constant_is_the_same_for_all() {
        check("cpu=180m,memory=300Mi", &[(0, 0), (99, 7)], &[(180.0, 300.0), (180.0, 300.0)]);
        check("memory=300Mi", &[(0, 0)], &[(0.0, 300.0)]);
    }

    #[test]
    fn a_list_goes_round_the_pods_of_an_owner() {
        check(
            "cpu=180m|220m|200m, memory=300Mi",
            &[(0, 0), (0, 1), (0, 2), (0, 3)],
            &[(180.0, 300.0), (220.0, 300.0), (200.0, 300.0), (180.0, 300.0)],
        );
    }

    #[test]
    fn a_script_steps_and_repeats() {
        check(
            "script: 0s cpu=100m,memory=200Mi; 60s cpu=1; repeat 120s",
            &[(0, 0), (59, 0), (60, 0), (119, 0), (120, 0)],
            &[(100.0, 200.0), (100.0, 200.0), (1000.0, 200.0), (1000.0, 200.0), (100.0, 200.0)],
        );
        check(
            "script: 5s cpu=1",
            &[(4, 0), (5, 0), (500, 0)],
            &[(0.0, 0.0), (1e3, 0.0), (1e3, 0.0)],
        );
    }

    #[test]
    fn a_share_waves_around_its_part_of_the_request() {
        check(
            "share: 30%",
            &[(0, 0), (150, 0), (450, 0)],
            &[(300.0, 0.0), (360.0, 0.0), (240.0, 0.0)],
        );
    }

    #[test]
    fn a_recorded_series_holds_each_value_and_begins_again() {
        let model = UsageModel::from_csv("timestamp_s,cpu\n100,1\n160,2\n", "0,1048576\n").unwrap();
        let moments = [(0, 0), (59, 0), (60, 0), (119, 0), (120, 0)];
        let expect = [(1e3, 1.0), (1e3, 1.0), (2e3, 1.0), (2e3, 1.0), (1e3, 1.0)];
        assert_eq!(demands(&model, &moments), expect);
    }

    #[test]
    fn time_can_pass_faster() {
        let sixty = NonZeroU32::new(60).unwrap();
        let model = UsageModel::from_csv("0,1\n300,2\n", "").unwrap().faster(sixty);
        assert_eq!(
            demands(&model, &[(4, 0), (5, 0), (10, 0)]),
            [(1e3, 0.0), (2e3, 0.0), (1e3, 0.0)]
        );
        let model: UsageModel = "script: 60s cpu=1; repeat 120s".parse().unwrap();
        let model = model.faster(sixty);
        assert_eq!(
            demands(&model, &[(0, 0), (1, 0), (2, 0)]),
            [(0.0, 0.0), (1e3, 0.0), (0.0, 0.0)]
        );
    }

    #[test]
    fn says_what_it_cannot_read() {
        for (text, part) in [
            ("cpu", "not cpu=.."),
            ("cpu=fast", "no quantity"),
            ("disk=1", "neither"),
            ("script: 5 cpu=1", "duration"),
            ("script: 5s cpu=1; 5s cpu=2", "not later"),
            ("share: most", "expected"),
        ] {
            let error = text.parse::<UsageModel>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
