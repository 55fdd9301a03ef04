//! `plimsoll forecast`: what a workload's containers may use in the day to come, from the usage that a
//! controller has stored, and how good such forecasts are.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use plimsoll_domain::{
    Amount, ContainerKey, ForecastModel, Resource, Timestamp, Trial, UsageCell, WorkloadId,
};
use plimsoll_forecast::{
    CELL_SECONDS, Constants, DAY, Forecast, HORIZON, Maximum, Quantiles, Series, fit, predict,
    repeat_day, repeat_day_cells, trial,
};
use plimsoll_report::{Plot, forecast_model, format_step, format_time};
use plimsoll_store::StoredCells;

use super::explain::workload_id;
use crate::args::{OutlookArgs, OutlookOutput};
use crate::output;

/// The windows that are shown: their names, and how many cells they have.
const WINDOWS: [(&str, usize); 4] = [("15m", 3), ("1h", 12), ("6h", 72), ("24h", HORIZON)];
/// The window whose forecasts are tried.
const TRIED: usize = 12;

/// Reads what is stored of the workload, forecasts and prints.
pub(crate) fn run(args: &OutlookArgs) -> anyhow::Result<()> {
    let workload = workload_id(&args.workload, &args.namespace)?;
    let constants = Constants::shipped().context("failed to read the constants of forecasts")?;
    let outlooks = outlooks(args, &workload, &constants)?;
    output::data(&match args.output {
        OutlookOutput::Table => outlooks.iter().map(table).collect::<Vec<_>>().join("\n"),
        OutlookOutput::Json => {
            let all: Vec<Value> = outlooks.iter().map(view).collect();
            serde_json::to_string_pretty(&all)? + "\n"
        }
    })
}

/// One resource of one container.
struct Outlook {
    key: ContainerKey,
    resource: Resource,
    series: Series,
    forecast: Forecast,
    trial: Option<Trial>,
}

impl Outlook {
    /// The model that a target would use, by which all is forecast that is shown.
    fn model(&self) -> ForecastModel {
        self.trial.map_or(ForecastModel::Regression, |trial| trial.model)
    }

    fn peak(&self, cells: usize) -> Maximum {
        let repeated = match self.model() {
            ForecastModel::Regression => None,
            ForecastModel::DayBefore => repeat_day(&self.series, cells),
        };
        repeated.unwrap_or_else(|| self.forecast.maximum(cells))
    }

    fn cells(&self) -> Vec<Quantiles> {
        let repeated = match self.model() {
            ForecastModel::Regression => None,
            ForecastModel::DayBefore => repeat_day_cells(&self.series),
        };
        repeated.unwrap_or_else(|| self.forecast.cells().to_vec())
    }
}

fn outlooks(
    args: &OutlookArgs,
    workload: &WorkloadId,
    constants: &Constants,
) -> anyhow::Result<Vec<Outlook>> {
    let failed = || format!("failed to read the usage stored in {}", args.data_dir.display());
    let mut stored =
        StoredCells::open(&args.data_dir, Timestamp::default()).with_context(failed)?;
    let wanted = |key: &&ContainerKey| {
        key.workload == *workload
            && args.container.as_ref().is_none_or(|name| *key.container == **name)
    };
    let keys: Vec<ContainerKey> = stored.keys().iter().filter(wanted).cloned().collect();
    if keys.is_empty() {
        bail!(
            "no usage of {workload} is stored in {}\nhint: it is stored five minutes by five minutes \
             by a controller with --data-dir, for as long as its --keep-cells says",
            args.data_dir.display()
        );
    }
    let mut outlooks = Vec::new();
    for key in keys {
        let cells = stored.of(&key, Timestamp::default()).with_context(failed)?;
        for resource in Resource::ALL {
            outlooks.extend(outlook(&key, resource, &cells, constants));
        }
    }
    Ok(outlooks)
}

/// `None` where nothing of the resource was seen.
fn outlook(
    key: &ContainerKey,
    resource: Resource,
    cells: &[UsageCell],
    constants: &Constants,
) -> Option<Outlook> {
    let mut series = Series::new();
    for cell in cells {
        if let Some(peak) = cell.stored_peak(resource) {
            series.observe(cell.start.seconds().div_euclid(CELL_SECONDS), peak);
        }
    }
    let forecast = predict(&fit(&series, constants)?, &series, constants)?;
    let trial = trial(&series, TRIED, constants);
    Some(Outlook { key: key.clone(), resource, series, forecast, trial })
}

fn table(outlook: &Outlook) -> String {
    let Outlook { key, resource, series, forecast, trial } = outlook;
    let step = |value: f64| format_step(*resource, Amount::new(value).unwrap_or_default());
    let mut text = String::new();
    let origin = format_time(begin(forecast));
    let known = series.len() as f64 / DAY as f64;
    writeln!(text, "{} container {}, {}", key.workload, key.container, resource.name()).ok();
    let model = forecast_model(outlook.model());
    writeln!(text, "from {origin} on, by {model}; made from {known:.1} days of usage").ok();
    writeln!(text, "{:<8}{:>12}{:>12}{:>12}", "PEAK IN", "MEDIAN", "90 %", "95 %").ok();
    for (name, cells) in WINDOWS {
        let peak = outlook.peak(cells);
        let [median, high, higher] = [peak.q50, peak.q90, peak.q95].map(step);
        writeln!(text, "{name:<8}{median:>12}{high:>12}{higher:>12}").ok();
    }
    writeln!(text, "{}", tried(trial.as_ref())).ok();
    let (values, cells) = (series.values(), outlook.cells());
    let plot = Plot {
        past: &values[values.len().saturating_sub(DAY)..],
        median: &cells.iter().map(|cell| cell.q50).collect::<Vec<_>>(),
        high: &cells.iter().map(|cell| cell.q90).collect::<Vec<_>>(),
    };
    text + &plot.render(step)
}

fn tried(trial: Option<&Trial>) -> String {
    let Some(trial) = trial else {
        return "too little usage to try forecasts on: a target would not follow this one"
            .to_owned();
    };
    let so = if trial.has_skill() { "would follow" } else { "would not follow" };
    let model = forecast_model(trial.model);
    format!(
        "a target {so} this one: over {} windows of an hour, {model} lost {:.0} % of what repeating the hour \
         just over lost, and {:.0} % of them peaked above the 90 %",
        trial.windows,
        trial.loss_ratio.percent(),
        trial.above.percent()
    )
}

fn view(outlook: &Outlook) -> Value {
    let Outlook { key, resource, series, forecast, trial } = outlook;
    let peaks = WINDOWS.map(|(name, cells)| {
        let peak = outlook.peak(cells);
        json!({"window": name, "q50": peak.q50, "q90": peak.q90, "q95": peak.q95})
    });
    let of = |cell: &Quantiles| [cell.q10, cell.q50, cell.q90, cell.q95];
    let cells: Vec<[f64; 4]> = outlook.cells().iter().map(of).collect();
    json!({
        "workload": key.workload.to_string(),
        "container": &*key.container,
        "resource": resource.name(),
        "unit": match resource { Resource::Cpu => "cores", Resource::Memory => "bytes" },
        "start": format_time(begin(forecast)),
        "cellSeconds": CELL_SECONDS,
        "historyCells": series.len(),
        "model": model_name(outlook.model()),
        "peaks": peaks,
        "trial": trial.map(|trial| json!({
            "model": model_name(trial.model),
            "windows": trial.windows,
            "lossRatio": trial.loss_ratio.value(),
            "above": trial.above.value(),
            "isFollowed": trial.has_skill(),
        })),
        "quantiles": ["q10", "q50", "q90", "q95"],
        "cells": cells,
    })
}

fn model_name(model: ForecastModel) -> &'static str {
    match model {
        ForecastModel::Regression => "Regression",
        ForecastModel::DayBefore => "DayBefore",
    }
}

fn begin(forecast: &Forecast) -> Timestamp {
    Timestamp::from_seconds(forecast.origin().saturating_mul(CELL_SECONDS))
}
