//! The five ports and the tick that drives them: collect, observe, recommend, decide, ration,
//! apply, publish. The live controller, replay and the demo run this same line.

mod budget;
mod error;
mod health;
mod isolate;
mod join;
mod ports;
mod refusals;
mod run;
mod tick;

pub use budget::ChangeBudget;
pub use error::PortError;
pub use ports::{
    Actuator, Clock, Collected, EvaluationSink, PodUsage, SampleSource, WorkloadSource,
};
pub use run::{Control, Intervals, run};
pub use tick::{Line, Ports, Role, Tick, TickReport};
