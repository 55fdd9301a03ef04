//! One evaluation rendered as every output: status and JSON view, explanation, table, conditions,
//! events. All of them say the same, since all are made from the same value; the overview is
//! `ARCHITECTURE.md`.

mod condition;
mod convert;
mod event;
mod explain;
mod foreseen;
mod judgement;
mod plot;
mod policies;
mod quantity;
mod reference;
mod sentence;
mod settings;
mod table;
mod time;
mod view;

pub use condition::{ConditionView, conditions};
pub use convert::{assigned_by, governor};
pub use event::{EventKind, EventView, event};
pub use explain::explain;
pub use foreseen::forecast_model;
pub use plot::Plot;
pub use policies::{
    AssignedView, PolicyView, policies_json, policies_markdown, policies_table, policies_yaml,
};
pub use quantity::{format_amount, format_exact, format_step};
pub use reference::reason_reference;
pub use sentence::{opt_out_sentence, recreate_sentence, sentence};
pub use settings::{origin_text, settings};
pub use table::{RenderError, json, markdown, table, yaml};
pub use time::{format_duration, format_time};
pub use view::*;
