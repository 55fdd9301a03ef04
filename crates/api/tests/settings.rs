//! Settings that are written read back as the same settings, alone and resolved.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_api::thoras::{read_daemon_set_autoscaler, read_target};
use plimsoll_api::{read_annotation, read_settings, write_settings};
use plimsoll_domain::{
    Amount, ApplyType, Bound, Cadence, Configured, ContainerSettings, Grouping, LimitRule, Mode,
    Origin, Parsed, PerResource, Quantile, Ratio, Resource, ResourceSettings, Schedule, Settings,
    Severity, Strategy as Forecast, Target, Threshold, Update, VerticalSettings,
};
use plimsoll_policy::{BuiltIn, Catalog, Matched, ScalingPolicy, Sources, TargetObject, configure};
use proptest::option::of;
use proptest::prelude::*;
use serde_json::Value;

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(settings in settings()) {
        check(&settings)?;
    }

    #[test]
    fn a_resolved_policy_reads_back_the_same(
        below in settings(), above in settings(), by in 0..3, is_custom in any::<bool>(),
    ) {
        let mut case = Case { policy: parsed(below), is_custom, ..Case::default() };
        let document = Some(Arc::new(parsed(above)));
        match by {
            0 => case.annotation = document,
            1 => case.spec = document,
            _ => {}
        }
        check(&case.resolved())?;
    }
}

/// What real documents say is as good as what is made up.
#[test]
fn resolved_documents_read_back_the_same() {
    let documents = files("tests/corpus")
        .into_iter()
        .filter(|(name, _)| !name.ends_with(".object.yaml") && !name.ends_with(".older.yaml"));
    for (name, text) in documents {
        let document = read_annotation(&text);
        if document.settings.is_ok() {
            let case = Case { annotation: Some(Arc::new(document)), ..Case::default() };
            check(&case.resolved()).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
    for (name, text) in files("tests/thoras") {
        let object: Value = serde_saphyr::from_str(&text).unwrap();
        let (document, matched) = match object["kind"].as_str() {
            Some("DaemonSetAutoscaler") => {
                (read_daemon_set_autoscaler(&object).document, Matched::DaemonSet)
            }
            Some("AIScaleTarget") => (read_target(&object).document, Matched::Name),
            _ => continue,
        };
        let target = TargetObject { name: "it".into(), matched, document: Arc::new(document) };
        let case = Case { targets: vec![target], ..Case::default() };
        let mut resolved = case.resolved();
        resolved.later.retain(|path, _| !REPLICAS.iter().any(|group| path.starts_with(group)));
        check(&resolved).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// Our own objects have no words yet for numbers of replicas that follow a forecast.
const REPLICAS: [&str; 3] = ["spec.horizontal.", "spec.scale_metrics[", "spec.reasoning."];

/// The documents below a folder, by name.
fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let documents = paths.filter(|path| path.extension().is_some_and(|is| is == "yaml"));
    documents
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// What is said of a workload, and the policy that it gets.
struct Case {
    policy: Parsed,
    annotation: Option<Arc<Parsed>>,
    spec: Option<Arc<Parsed>>,
    targets: Vec<TargetObject>,
    is_custom: bool,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            policy: parsed(Settings::default()),
            annotation: None,
            spec: None,
            targets: Vec::new(),
            is_custom: false,
        }
    }
}

impl Case {
    /// What holds for the workload, as settings.
    fn resolved(&self) -> Settings {
        let policy = ScalingPolicy {
            name: "team".into(),
            order: None,
            is_default: Some(true),
            rules: None,
            document: Arc::new(self.policy.clone()),
        };
        let sources = Sources {
            annotation: self.annotation.as_ref(),
            targets: &self.targets,
            spec: self.spec.as_ref(),
            is_custom: self.is_custom,
            ..Sources::silent("shop", "Deployment")
        };
        let catalog = Catalog::new(vec![policy]);
        let configuration = configure(&sources, &catalog, &BuiltIn::default());
        let Configured::Policy(policy) = &configuration.configured else {
            panic!("{configuration:?}")
        };
        Settings::from(&**policy)
    }
}

fn parsed(settings: Settings) -> Parsed {
    Parsed { settings: Ok(settings), scaling_policy: None, remarks: Vec::new() }
}

fn check(settings: &Settings) -> Result<(), TestCaseError> {
    let written = write_settings(settings);
    let read = read_settings(&written, Origin::ScaledWorkload);
    // A field beside another that puts it out of use is warned of once more, and kept.
    let errors: Vec<_> =
        read.remarks.iter().filter(|remark| remark.severity == Severity::Error).collect();
    prop_assert!(errors.is_empty(), "{written:#}\n{errors:?}");
    prop_assert_eq!(read.settings.as_ref(), Ok(settings), "{:#}", written);
    Ok(())
}

fn settings() -> BoxedStrategy<Settings> {
    let resources = (resource(Resource::Cpu), resource(Resource::Memory));
    let containers =
        prop::collection::btree_map("[a-z]([-a-z0-9]{0,9}[a-z0-9])?|\\*", container(), 0..3);
    (vertical(), resources, containers, later())
        .prop_map(|(vertical, (cpu, memory), containers, later)| Settings {
            vertical,
            resources: PerResource { cpu, memory },
            containers,
            later,
        })
        .boxed()
}

fn vertical() -> BoxedStrategy<VerticalSettings> {
    let span = || (60_u64..16 * 86_400).prop_map(Duration::from_secs);
    let startup = prop_oneof![Just(0), 120_u64..=3600].prop_map(Duration::from_secs);
    let first = (of(mode()), of(apply_type()), of(of(apply_type())), of(of(apply_type())));
    let second = (of(any::<bool>()), of(startup), of(any::<bool>()), of(ratio(0.0, 1.0)));
    let third = (of(span()), of(any::<bool>()), of(of(span())), of(of(update())));
    let names = prop::collection::vec("[a-z]{1,9}", 0..3);
    let fourth = (of(names), of(prop::collection::vec(grouping(), 0..3)), of(of(schedule())));
    let fifth =
        (of(of(ratio(1.0, 200.0))), of(of((60_u64..7 * 86_400).prop_map(Duration::from_secs))));
    let cadence = prop_oneof![
        span().prop_map(Cadence::Every),
        (0_u8..60).prop_map(|minute| Cadence::Cron(format!("{minute} */2 * * 1-5"))),
    ];
    let sixth = (of(span()), of(cadence), of(any::<bool>()));
    (first, second, third, fourth, fifth, sixth)
        .prop_map(|(first, second, third, fourth, (risk_price, cooldown), sixth)| {
            VerticalSettings {
                mode: first.0,
                apply_type: first.1,
                lowering: first.2,
                memory_event: first.3,
                update: third.3,
                consider_anti_affinity: second.0,
                startup: second.1,
                // A threshold says that it is required.
                confidence_required: second.2.or_else(|| second.3.map(|_| true)),
                confidence_threshold: second.3,
                min_history: third.0,
                oom_remediation: third.1,
                oom_window: third.2,
                risk_price,
                cooldown,
                excluded_containers: fourth.0,
                grouping: fourth.1,
                schedule: fourth.2,
                forecast_horizon: sixth.0,
                forecast_cadence: sixth.1,
                predictive_cpu: sixth.2,
            }
        })
        .boxed()
}

fn resource(resource: Resource) -> BoxedStrategy<ResourceSettings> {
    let look_back = (3 * 3600_u64..=192 * 3600).prop_map(Duration::from_secs);
    let first = (of(mode()), of(target()), of(look_back), of(ratio(0.0, 2.5)));
    let thresholds = (of(threshold(resource)), of(of(threshold(resource))));
    (first, bounds(resource), thresholds, of(limit()))
        .prop_map(|(first, [min, max], (threshold, lowering_threshold), limit)| ResourceSettings {
            mode: first.0,
            target: first.1,
            look_back: first.2,
            min,
            max,
            overhead: first.3,
            threshold,
            lowering_threshold,
            limit,
        })
        .boxed()
}

fn container() -> BoxedStrategy<PerResource<ContainerSettings>> {
    let one = |resource| {
        (of(of(mode())), bounds(resource), of(of(limit())))
            .prop_map(|(mode, [min, max], limit)| ContainerSettings { mode, min, max, limit })
    };
    (one(Resource::Cpu), one(Resource::Memory))
        .prop_map(|(cpu, memory)| PerResource { cpu, memory })
        .boxed()
}

/// In order, and both in one form, or only one of them. Settings tell what is not said from what is
/// said to be none.
#[expect(clippy::option_option, reason = "as settings have them")]
fn bounds(resource: Resource) -> BoxedStrategy<[Option<Option<Bound>>; 2]> {
    let pair = |strategy: BoxedStrategy<Bound>| (strategy.clone(), strategy);
    let constant = amount(resource).prop_map(Bound::Constant).boxed();
    let share = ratio(0.01, 100.0).prop_map(Bound::OfOriginal).boxed();
    let value = |bound: &Bound| match bound {
        Bound::Constant(amount) => amount.value(),
        Bound::OfOriginal(ratio) => ratio.value(),
    };
    let ordered =
        prop_oneof![pair(constant.clone()), pair(share.clone())].prop_map(move |(a, b)| {
            let (min, max) = if value(&a) <= value(&b) { (a, b) } else { (b, a) };
            [Some(Some(min)), Some(Some(max))]
        });
    prop_oneof![
        ordered,
        (constant, share).prop_map(|(a, b)| [Some(Some(a)), Some(Some(b))]),
        Just([None, None]),
        Just([Some(None), None]),
        Just([Some(None), Some(None)]),
    ]
    .boxed()
}

fn threshold(resource: Resource) -> BoxedStrategy<Threshold> {
    prop_oneof![
        Just(Threshold::DEFAULT_ADAPTIVE),
        ratio(0.01, 2.5).prop_map(Threshold::Ratio),
        ratio(0.01, 2.5).prop_map(Threshold::OfCurrent),
        amount(resource).prop_map(Threshold::Absolute),
        (0.0..1e6, 0.0..1e6, 0.0..=1.0).prop_map(|(numerator, denominator, exponent)| {
            Threshold::Adaptive { numerator, denominator, exponent }
        }),
    ]
    .boxed()
}

fn limit() -> impl Strategy<Value = LimitRule> {
    prop_oneof![
        Just(LimitRule::Automatic),
        Just(LimitRule::None),
        Just(LimitRule::Keep),
        Just(LimitRule::MaintainRatio),
        (ratio(1.0, 1000.0), any::<[bool; 2]>()).prop_map(|(factor, [exists, lower])| {
            LimitRule::Multiplier {
                factor,
                only_if_original_exists: exists,
                only_if_original_lower: lower,
            }
        }),
    ]
}

fn target() -> impl Strategy<Value = Target> {
    let quantile = || (0.0..=1.0_f64).prop_map(|value| Quantile::new(value).unwrap());
    prop_oneof![
        Just(Target::Max),
        Just(Target::Auto),
        quantile().prop_map(Target::Quantile),
        quantile().prop_map(Target::Pooled),
        quantile().prop_map(|quantile| Target::Forecast(Forecast::Percentile(quantile))),
        prop::sample::select(vec![
            Forecast::Undershoot,
            Forecast::CostOptimized,
            Forecast::Balanced,
            Forecast::AssuranceOptimized,
            Forecast::Overshoot,
        ])
        .prop_map(Target::Forecast),
    ]
}

fn amount(resource: Resource) -> impl Strategy<Value = Amount> {
    (1_u32..10_000_000).prop_map(move |count| match resource {
        Resource::Cpu => Amount::from_millicores(count),
        Resource::Memory => Amount::from_mebibytes(count),
    })
}

fn grouping() -> impl Strategy<Value = Grouping> {
    (prop::collection::vec("[a-z-]{1,9}", 1..4), "[a-z]{1,9}")
        .prop_map(|(contains, into)| Grouping { contains, into })
}

fn later() -> impl Strategy<Value = BTreeMap<String, String>> {
    let horizontal = [
        ("horizontal.optimization", "true"),
        ("horizontal.useNative", "true"),
        ("horizontal.minReplicas", "2"),
        ("horizontal.maxReplicas", "9"),
        ("horizontal.metrics[0].type", "resource"),
        ("horizontal.metrics[0].resource.name", "cpu"),
        ("horizontal.metrics[0].resource.target.type", "AverageValue"),
        ("horizontal.metrics[0].resource.target.averageValue", "100m"),
        ("horizontal.behavior.scaleUp.tolerance", "0.1"),
    ];
    let rollout =
        [("rolloutBehavior.preferOneByOne", "false"), ("rolloutBehavior.delaySeconds", "9")];
    let others = [
        ("rolloutBehavior.maxDisrupted", "20%"),
        ("rolloutBehavior.recreateResources", "cpu, memory"),
        ("vertical.anomalyDetection.infiniteMemoryScaling.enabled", "true"),
        ("vertical.jvm.memory.optimization", "true"),
        ("vertical.hpaConverters[0].type", "AVERAGE_VALUE_FROM_ORIGINAL_REQUESTS"),
        ("vertical.startup.twoPhaseRecommendations.requestsOnStartup.cpuCores", "1.5"),
    ];
    any::<[bool; 3]>().prop_map(move |[with_horizontal, with_rollout, with_others]| {
        let one = horizontal.iter().filter(|_| with_horizontal);
        let other = others.iter().filter(|_| with_others);
        let all = one.chain(rollout.iter().filter(|_| with_rollout)).chain(other);
        all.map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    })
}

fn ratio(from: f64, to: f64) -> impl Strategy<Value = Ratio> {
    (from..=to).prop_map(|value| Ratio::new(value).unwrap())
}

fn mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(vec![Mode::Apply, Mode::Recommend])
}

fn apply_type() -> impl Strategy<Value = ApplyType> {
    prop::sample::select(vec![ApplyType::Immediate, ApplyType::Deferred])
}

fn update() -> impl Strategy<Value = Update> {
    prop::sample::select(vec![Update::InPlace, Update::InPlaceOrRecreate, Update::Recreate])
}

fn schedule() -> impl Strategy<Value = Schedule> {
    prop::sample::select(vec![Schedule::JobLike, Schedule::Continuous])
}
