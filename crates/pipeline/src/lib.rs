//! The five ports and the tick that drives them: collect, observe, recommend, decide, ration,
//! apply, publish. The live controller, replay and the demo run this same line.

mod error;
mod ports;

pub use error::PortError;
pub use ports::{
    Actuator, Clock, Collected, EvaluationSink, PodUsage, SampleSource, WorkloadSource,
};
