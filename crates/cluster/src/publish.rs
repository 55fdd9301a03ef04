//! stub
use crate::Index;
use kube::Client;
use plimsoll_domain::Evaluation;
use plimsoll_pipeline::{EvaluationSink, PortError};
use std::sync::Arc;
#[derive(Clone)]
pub struct StatusSink {
    client: Client,
    index: Arc<Index>,
    instance: String,
}
impl StatusSink {
    pub(crate) fn new(client: Client, index: Arc<Index>, instance: &str) -> Self {
        Self { client, index, instance: instance.to_owned() }
    }
}
impl EvaluationSink for StatusSink {
    async fn publish(&mut self, evaluations: &[Evaluation]) -> Result<(), PortError> {
        let _ = (&self.client, &self.index, &self.instance, evaluations);
        Ok(())
    }
}
