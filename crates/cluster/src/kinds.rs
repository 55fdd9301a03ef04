//! The kinds that are watched, and what is kept of each.

use futures::future::BoxFuture;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use kube::Api;
use kube::core::{ApiResource, DynamicObject, PartialObjectMeta};
use plimsoll_api::ScaledWorkload;
use plimsoll_domain::WorkloadKind;

use crate::configure::Configure;
use crate::index::Tables;
use crate::row::controller::ControllerRow;
use crate::row::pod::PodRow;
use crate::row::{autoscaler, controller, scaled, template};
use crate::stop;
use crate::table::Table;
use crate::watch::{Ended, Watch, Watches};

type Task = BoxFuture<'static, Ended>;

/// The kinds that every cluster has, and those of this program. `namespace` is the program's own.
pub(crate) fn always(watches: &Watches, namespace: &str) -> Vec<Task> {
    let all = &watches.client;
    vec![
        watches.follow(namespaces(Api::all(all.clone()))),
        watches.follow(pods(Api::all(all.clone()))),
        watches.follow(horizontal(Api::all(all.clone()))),
        watches.follow(scaled_workloads(Api::all(all.clone()))),
        watches.follow(stops(Api::namespaced(all.clone(), namespace))),
        watches.follow(workloads(
            WorkloadKind::Deployment,
            Api::all(all.clone()),
            |object: &Deployment, with| Some(controller::deployment(object, with)),
        )),
        watches.follow(workloads(
            WorkloadKind::StatefulSet,
            Api::all(all.clone()),
            |object: &StatefulSet, with| Some(controller::stateful_set(object, with)),
        )),
        watches.follow(workloads(
            WorkloadKind::DaemonSet,
            Api::all(all.clone()),
            |object: &DaemonSet, with| Some(controller::daemon_set(object, with)),
        )),
        watches.follow(workloads(
            WorkloadKind::ReplicaSet,
            Api::all(all.clone()),
            |object: &ReplicaSet, with| Some(controller::replica_set(object, with)),
        )),
        watches.follow(workloads(
            WorkloadKind::Job,
            Api::all(all.clone()),
            |object: &PartialObjectMeta<Job>, _| controller::job(object),
        )),
        watches.follow(workloads(
            WorkloadKind::CronJob,
            Api::all(all.clone()),
            |object: &CronJob, with| Some(controller::cron_job(object, with)),
        )),
    ]
}

/// A kind that only some clusters have, as objects without a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Optional {
    /// Argo Rollouts.
    Rollout,
    /// VerticalPodAutoscalers.
    VerticalPodAutoscaler,
}

impl Optional {
    pub(crate) const ALL: [Self; 2] = [Self::Rollout, Self::VerticalPodAutoscaler];

    /// How the API server names it.
    pub(crate) fn resource(self) -> ApiResource {
        let (group, version, kind, plural) = match self {
            Self::Rollout => ("argoproj.io", "v1alpha1", "Rollout", "rollouts"),
            Self::VerticalPodAutoscaler => {
                ("autoscaling.k8s.io", "v1", "VerticalPodAutoscaler", "verticalpodautoscalers")
            }
        };
        let gvk = kube::core::GroupVersionKind::gvk(group, version, kind);
        ApiResource::from_gvk_with_plural(&gvk, plural)
    }

    /// Follows it for as long as the cluster has it.
    pub(crate) fn follow(self, watches: &Watches) -> Task {
        let api = Api::all_with(watches.client.clone(), &self.resource());
        match self {
            Self::Rollout => {
                let mut watch = workloads(WorkloadKind::Rollout, api, controller::argo_rollout);
                watch.is_optional = true;
                watches.follow(watch)
            }
            Self::VerticalPodAutoscaler => {
                let mut watch = simple(
                    "VerticalPodAutoscalers",
                    api,
                    |object: &DynamicObject, _| autoscaler::vertical(object),
                    |tables| &mut tables.vertical,
                );
                watch.is_optional = true;
                watches.follow(watch)
            }
        }
    }

    /// Declares it absent.
    pub(crate) fn set_absent(self, tables: &mut Tables) {
        match self {
            Self::Rollout => controllers(tables, &WorkloadKind::Rollout).set_absent(),
            Self::VerticalPodAutoscaler => tables.vertical.set_absent(),
        }
    }
}

fn namespaces(api: Api<PartialObjectMeta<Namespace>>) -> Watch<PartialObjectMeta<Namespace>, bool> {
    simple(
        "Namespaces",
        api,
        |object, _| Some(template::asks_to_be_left_alone(object.metadata.labels.as_ref())),
        |tables| &mut tables.namespaces,
    )
}

fn pods(api: Api<Pod>) -> Watch<Pod, PodRow> {
    Watch {
        name: "Pods",
        api,
        only: None,
        is_optional: false,
        row: Box::new(|object, with| Some(PodRow::of(object, with))),
        apply: Box::new(|index, change| {
            index.write(|tables| tables.pods.apply(change, PodRow::carry));
        }),
    }
}

fn horizontal(
    api: Api<HorizontalPodAutoscaler>,
) -> Watch<HorizontalPodAutoscaler, autoscaler::AutoscalerRow> {
    simple(
        "HorizontalPodAutoscalers",
        api,
        |object, _| autoscaler::horizontal(object),
        |tables| &mut tables.horizontal,
    )
}

fn scaled_workloads(api: Api<ScaledWorkload>) -> Watch<ScaledWorkload, scaled::ScaledRow> {
    Watch {
        name: "ScaledWorkloads",
        api,
        only: None,
        is_optional: false,
        row: Box::new(|object, _| scaled::ScaledRow::of(object)),
        apply: Box::new(crate::Index::apply_scaled),
    }
}

fn stops(api: Api<ConfigMap>) -> Watch<ConfigMap, plimsoll_domain::Stop> {
    let watch = simple(
        "the stop ConfigMap",
        api,
        |object: &ConfigMap, _| stop::order(object),
        |tables| &mut tables.stops,
    );
    Watch { only: Some(stop::NAME), ..watch }
}

fn workloads<K: 'static>(
    kind: WorkloadKind,
    api: Api<K>,
    row: impl Fn(&K, &Configure) -> Option<ControllerRow> + Send + Sync + 'static,
) -> Watch<K, ControllerRow> {
    Watch {
        name: name(&kind),
        api,
        only: None,
        is_optional: false,
        row: Box::new(row),
        apply: Box::new(move |index, change| {
            index.write(|tables| controllers(tables, &kind).apply(change, |_, _| {}));
        }),
    }
}

fn simple<K: 'static, V: 'static>(
    name: &'static str,
    api: Api<K>,
    row: impl Fn(&K, &Configure) -> Option<V> + Send + Sync + 'static,
    table: fn(&mut Tables) -> &mut Table<V>,
) -> Watch<K, V> {
    Watch {
        name,
        api,
        only: None,
        is_optional: false,
        row: Box::new(row),
        apply: Box::new(move |index, change| {
            index.write(|tables| table(tables).apply(change, |_, _| {}));
        }),
    }
}

fn controllers<'a>(tables: &'a mut Tables, kind: &WorkloadKind) -> &'a mut Table<ControllerRow> {
    tables.controllers.entry(kind.clone()).or_default()
}

fn name(kind: &WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::Deployment => "Deployments",
        WorkloadKind::StatefulSet => "StatefulSets",
        WorkloadKind::DaemonSet => "DaemonSets",
        WorkloadKind::ReplicaSet => "ReplicaSets",
        WorkloadKind::Job => "Jobs",
        WorkloadKind::CronJob => "CronJobs",
        WorkloadKind::Rollout => "Rollouts",
        WorkloadKind::Other(_) => "other workloads",
    }
}
