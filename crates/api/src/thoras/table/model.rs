//! How usage becomes a forecast: `model`, for both directions or for one.

use super::row::{Kind, Row, row};

/// How much of a forecast is provided for, from the least to the most.
pub(in crate::thoras) const STRATEGIES: &[&str] =
    &["balanced", "cost_optimized", "undershoot", "assurance_optimized", "overshoot", "percentile"];

/// The most metrics that have settings of their own: CPU, memory and those of a busy autoscaler.
pub(super) const METRICS_MAX: u32 = 32;

/// `spec.model`, without which an object is refused.
pub(super) const ROWS: &[Row] = &[
    row(
        "",
        Kind::Group,
        "How usage is forecast, for both directions unless one has a model of its own.",
    )
    .required(),
    MODE,
    PERCENTILE,
    BLOCKS,
    BUFFER,
    CRON,
    INTERVAL,
    LOOKBACK,
    METRICS,
    METRIC,
    METRIC_MODE,
    METRIC_PERCENTILE,
    METRIC_BUFFER,
];

/// `vertical.model`.
pub(super) const ROWS_OF_ONE_DIRECTION: &[Row] = &[
    row("", Kind::Group, "Stands for `vertical` in place of `spec.model`, as a whole.").newer(),
    MODE,
    PERCENTILE,
    BLOCKS,
    BUFFER,
    CRON,
    INTERVAL,
    LOOKBACK,
    METRICS,
    METRIC,
    METRIC_MODE,
    METRIC_PERCENTILE,
    METRIC_BUFFER,
];

/// `horizontal.model`.
pub(super) const ROWS_WITHOUT_EFFECT: &[Row] = &[
    row("", Kind::Group, "Stands for `horizontal` in place of `spec.model`, as a whole.")
        .newer()
        .later(),
    MODE.later(),
    PERCENTILE.later(),
    BLOCKS,
    BUFFER.later(),
    CRON,
    INTERVAL,
    LOOKBACK.later(),
    METRICS.later(),
    METRIC.later(),
    METRIC_MODE.later(),
    METRIC_PERCENTILE.later(),
    METRIC_BUFFER.later(),
];

const MODE: Row = row(
    "mode",
    Kind::Word(STRATEGIES),
    "How much of the forecast is provided for, as a percentile of the greatest usage until its end: `undershoot` 50, `cost_optimized` 75, `balanced` 90, `assurance_optimized` 95, `overshoot` 99; `percentile`: the one given beside it. The numbers are ours.",
)
.otherwise("balanced");

const PERCENTILE: Row = row(
    "percentile_value",
    Kind::Percentile,
    "With mode `percentile`, and only with it: which. Write decimals in quotes, such as \"99.9\".",
)
.newer();

const BLOCKS: Row = row(
    "forecast_blocks",
    Kind::Duration,
    "How far ahead is forecast; at least as long as from one forecast to the next, better two minutes longer.",
)
.written("\"15m0s\"");

const BUFFER: Row = row(
    "forecast_buffer_percentage",
    Kind::Percent,
    "What is added on top, as a share of it: 500m and 10% are 550m.",
)
.written("\"0%\"");

const CRON: Row = row(
    "forecast_cron",
    Kind::Text,
    "When to forecast, in UTC: five fields, each `*` or a number, with `/step` where wanted. Not together with forecast_interval.",
)
.otherwise("every 15 minutes");

const INTERVAL: Row = row(
    "forecast_interval",
    Kind::Duration,
    "How often to forecast, at most forecast_blocks. Not together with forecast_cron; empty is as if left out.",
)
.newer();

const LOOKBACK: Row = row(
    "min_lookback_to_scale",
    Kind::Duration,
    "Nothing is changed before the usage seen reaches back this far; less than 3h counts as 3h.",
)
.otherwise("24h")
.newer();

const METRICS: Row = row(
    "metrics",
    Kind::Map(METRICS_MAX),
    "Settings for single metrics, by name: `cpu`, `memory`, or a metric of the HorizontalPodAutoscaler.",
)
.newer();

const METRIC: Row =
    row("metrics.*", Kind::Group, "What it leaves open is as for the model.").newer();

const METRIC_MODE: Row =
    row("metrics.*.mode", Kind::Word(STRATEGIES), "As mode of the model.").newer();

const METRIC_PERCENTILE: Row = row(
    "metrics.*.percentile_value",
    Kind::Percentile,
    "As percentile_value of the model; inherited from there where mode is `percentile` in both.",
)
.newer();

const METRIC_BUFFER: Row = row(
    "metrics.*.forecast_buffer_percentage",
    Kind::Percent,
    "As forecast_buffer_percentage of the model.",
)
.newer();
