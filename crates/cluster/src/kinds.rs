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
use plimsoll_policy::ScalingPolicy;

use crate::index::Tables;
use crate::intern::Intern;
use crate::row::controller::ControllerRow;
use crate::row::namespace::NamespaceRow;
use crate::row::object::ObjectRow;
use crate::row::pod::PodRow;
use crate::row::scale_template::TemplateRow;
use crate::row::target::TargetRow;
use crate::row::{autoscaler, controller, policy, scaled};
use crate::stop;
use crate::table::{Change, Table};
use crate::told::Told;
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
        watches.follow(told(
            Told::Policy,
            scaling_policies(Api::all_with(all.clone(), &policy_resource())),
        )),
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
            |object: &PartialObjectMeta<Job>, _| Some(controller::job(object)),
        )),
        watches.follow(workloads(
            WorkloadKind::CronJob,
            Api::all(all.clone()),
            |object: &CronJob, with| Some(controller::cron_job(object, with)),
        )),
    ]
}

/// Group, version, kind and plural of a resource.
type Names = (&'static str, &'static str, &'static str, &'static str);

/// Watched without a type, as are the optional kinds: one odd object must not fail the list.
const POLICY: Names = ("plimsoll.dev", "v1alpha1", "ScalingPolicy", "scalingpolicies");

/// How the API server names ScalingPolicies.
pub(crate) fn policy_resource() -> ApiResource {
    resource(POLICY)
}

fn resource((group, version, kind, plural): Names) -> ApiResource {
    let gvk = kube::core::GroupVersionKind::gvk(group, version, kind);
    ApiResource::from_gvk_with_plural(&gvk, plural)
}

/// A kind that only some clusters have, as objects without a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Optional {
    /// Argo Rollouts.
    Rollout,
    /// VerticalPodAutoscalers.
    VerticalPodAutoscaler,
    /// AIScaleTargets.
    ScaleTarget,
    /// DaemonSetAutoscalers.
    DaemonSetAutoscaler,
    /// ClusterAIScaleTemplates.
    ScaleTemplate,
}

impl Optional {
    pub(crate) const ALL: [Self; 5] = [
        Self::Rollout,
        Self::VerticalPodAutoscaler,
        Self::ScaleTarget,
        Self::DaemonSetAutoscaler,
        Self::ScaleTemplate,
    ];

    /// How the API server names it.
    pub(crate) fn resource(self) -> ApiResource {
        resource(match self {
            Self::Rollout => ("argoproj.io", "v1alpha1", "Rollout", "rollouts"),
            Self::VerticalPodAutoscaler => {
                ("autoscaling.k8s.io", "v1", "VerticalPodAutoscaler", "verticalpodautoscalers")
            }
            Self::ScaleTarget => ("thoras.ai", "v1", "AIScaleTarget", "aiscaletargets"),
            Self::DaemonSetAutoscaler => {
                ("thoras.ai", "v1", "DaemonSetAutoscaler", "daemonsetautoscalers")
            }
            Self::ScaleTemplate => {
                ("thoras.ai", "v1", "ClusterAIScaleTemplate", "clusteraiscaletemplates")
            }
        })
    }

    /// Follows it for as long as the cluster has it.
    pub(crate) fn follow(self, watches: &Watches) -> Task {
        let api = Api::all_with(watches.client.clone(), &self.resource());
        match self {
            Self::Rollout => {
                let watch = workloads(WorkloadKind::Rollout, api, controller::argo_rollout);
                watches.follow(watch.optional())
            }
            Self::VerticalPodAutoscaler => {
                let row = |object: &DynamicObject, _: &Intern| autoscaler::vertical(object);
                let name = "VerticalPodAutoscalers";
                watches.follow(simple(name, api, row, |tables| &mut tables.vertical).optional())
            }
            Self::ScaleTarget => {
                let (name, row) = ("AIScaleTargets", TargetRow::scale_target);
                let watch = targets(name, api, row, |tables| &mut tables.targets);
                watches.follow(told(Told::ScaleTarget, watch))
            }
            Self::DaemonSetAutoscaler => {
                let (name, row) = ("DaemonSetAutoscalers", TargetRow::daemon_set_autoscaler);
                let watch = targets(name, api, row, |tables| &mut tables.daemon_set_autoscalers);
                watches.follow(told(Told::DaemonSetAutoscaler, watch))
            }
            Self::ScaleTemplate => {
                let row = |object: &DynamicObject, _: &Intern| Some(TemplateRow::of(object));
                let name = "ClusterAIScaleTemplates";
                let watch = simple(name, api, row, |tables| &mut tables.templates).optional();
                watches.follow(told(Told::ScaleTemplate, watch))
            }
        }
    }

    /// Declares it absent.
    pub(crate) fn set_absent(self, tables: &mut Tables) {
        match self {
            Self::Rollout => controllers(tables, &WorkloadKind::Rollout).set_absent(),
            Self::VerticalPodAutoscaler => tables.vertical.set_absent(),
            Self::ScaleTarget => {
                tables.targets.set_absent();
                tables.told_mut(Told::ScaleTarget).set_absent();
            }
            Self::DaemonSetAutoscaler => {
                tables.daemon_set_autoscalers.set_absent();
                tables.told_mut(Told::DaemonSetAutoscaler).set_absent();
            }
            Self::ScaleTemplate => {
                tables.templates.set_absent();
                tables.told_mut(Told::ScaleTemplate).set_absent();
            }
        }
    }
}

fn namespaces(
    api: Api<PartialObjectMeta<Namespace>>,
) -> Watch<PartialObjectMeta<Namespace>, NamespaceRow> {
    simple(
        "Namespaces",
        api,
        |object, with| Some(NamespaceRow::of(object, with)),
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

/// A change of a policy's status alone is none: the catalog is made anew only for what people write.
fn scaling_policies(api: Api<DynamicObject>) -> Watch<DynamicObject, ScalingPolicy> {
    let watch = simple(
        "ScalingPolicies",
        api,
        |object, _| Some(policy::scaling_policy(object)),
        |tables| &mut tables.policies,
    );
    let apply = Box::new(|index: &crate::Index, change| {
        index.write(|tables| {
            let policies = &mut tables.policies;
            if !matches!(&change, Change::Set(key, row) if policies.get(key) == Some(row)) {
                policies.apply(change, |_, _| {});
            }
        });
    });
    Watch { apply, ..watch }
}

fn targets(
    name: &'static str,
    api: Api<DynamicObject>,
    row: fn(&DynamicObject) -> TargetRow,
    table: fn(&mut Tables) -> &mut Table<TargetRow>,
) -> Watch<DynamicObject, TargetRow> {
    Watch {
        name,
        api,
        only: None,
        is_optional: true,
        row: Box::new(move |object, _| Some(row(object))),
        apply: Box::new(move |index, change| {
            index.write(|tables| table(tables).apply(change, TargetRow::carry));
        }),
    }
}

/// The same, and beside it what is kept of every object for its status.
fn told<V: 'static>(
    kind: Told,
    watch: Watch<DynamicObject, V>,
) -> Watch<DynamicObject, (V, ObjectRow)> {
    let Watch { name, api, only, is_optional, row, apply } = watch;
    Watch {
        name,
        api,
        only,
        is_optional,
        row: Box::new(move |object, with| Some((row(object, with)?, ObjectRow::of(object)))),
        apply: Box::new(move |index, change| {
            let (change, objects) = change.split();
            apply(index, change);
            index.write(|tables| tables.told_mut(kind).apply(objects, |_, _| {}));
        }),
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
    row: impl Fn(&K, &Intern) -> Option<ControllerRow> + Send + Sync + 'static,
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
    row: impl Fn(&K, &Intern) -> Option<V> + Send + Sync + 'static,
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
        WorkloadKind::Custom(_) | WorkloadKind::Other(_) => "other workloads",
    }
}
