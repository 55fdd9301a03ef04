//! Leader election over a Lease of the cluster: read, decide, write with the version that was
//! read, so that of two who write only one succeeds. A leader that cannot renew is lost, and the
//! process is to end.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use plimsoll_pipeline::Role;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::call::call_within;
use crate::election::{Action, Elector, Record};
use crate::{ClusterError, Lead, Timing};

/// How long one call for the lease may take. A renewal is a reading and a write: with the pause of
/// 2 s before it that is at most 8 s of the renew deadline of 10 s.
const LEASE_CALL_LIMIT: Duration = Duration::from_secs(3);

/// How an election ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElectionEnd {
    /// It was told to end, and the lease was given back if it was held.
    Released,
    /// Leadership was lost: the process must end, since it can no longer know what another does.
    Lost,
}

/// A candidate for the lease of one name.
pub struct Election {
    leases: Api<Lease>,
    name: String,
    elector: Elector,
    began: Instant,
    lead: Lead,
}

impl std::fmt::Debug for Election {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Election")
            .field("name", &self.name)
            .field("elector", &self.elector)
            .finish_non_exhaustive()
    }
}

impl Election {
    /// A candidate for the Lease `name` in `namespace`. The identity must be another for every run
    /// of the program; the client must be one for leases alone. `lead` is told what is won.
    pub fn new(client: Client, namespace: &str, name: &str, identity: &str, lead: Lead) -> Self {
        Self {
            leases: Api::namespaced(client, namespace),
            name: name.to_owned(),
            elector: Elector::new(identity, Timing::default()),
            began: Instant::now(),
            lead,
        }
    }

    /// Stands for election until cancelled or lost, and tells every change of role. Whoever
    /// cancels has stopped acting as the leader before: the lease is given back at once.
    pub async fn run(
        mut self,
        role: watch::Sender<Role>,
        cancel: CancellationToken,
    ) -> ElectionEnd {
        loop {
            let until = self.deadline();
            let retry = self.elector.timing().retry;
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                () = passed(until) => return self.lost(&role),
                stepped_down = self.round() => if stepped_down {
                    return self.lost(&role);
                },
            }
            self.lead.extend(self.deadline());
            if self.elector.leads(self.now()) {
                tell(&role, Role::Leader);
            }
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                () = passed(self.deadline()) => return self.lost(&role),
                () = tokio::time::sleep(retry) => {}
            }
        }
        tell(&role, Role::Standby);
        self.lead.extend(None);
        if self.elector.leads(self.now()) {
            self.release().await;
        }
        ElectionEnd::Released
    }

    fn lost(&self, role: &watch::Sender<Role>) -> ElectionEnd {
        self.lead.extend(None);
        tell(role, Role::Standby);
        ElectionEnd::Lost
    }

    /// One attempt. Says whether another leads where this one thought it did.
    async fn round(&mut self) -> bool {
        match self.attempt().await {
            Ok(action) => action == Action::StepDown,
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "Lease was not renewed");
                false
            }
        }
    }

    async fn attempt(&mut self) -> Result<Action, ClusterError> {
        let lease = self.read().await?;
        let action = self.elector.decide(lease.as_ref().map(record), self.now());
        if matches!(action, Action::Wait | Action::StepDown) {
            return Ok(action);
        }
        let sent_at = self.now();
        let lease = held(lease, &self.name, &self.elector, action);
        let written = self.write(&lease, action == Action::Create).await?;
        self.elector.accepted(record(&written), sent_at, self.now());
        Ok(action)
    }

    async fn read(&self) -> Result<Option<Lease>, ClusterError> {
        let attempt = format!("read the Lease {}", self.name);
        call_within(LEASE_CALL_LIMIT, attempt, self.leases.get_opt(&self.name)).await
    }

    async fn write(&self, lease: &Lease, create: bool) -> Result<Lease, ClusterError> {
        let params = PostParams::default();
        let attempt = format!("write the Lease {}", self.name);
        if create {
            call_within(LEASE_CALL_LIMIT, attempt, self.leases.create(&params, lease)).await
        } else {
            let replace = self.leases.replace(&self.name, &params, lease);
            call_within(LEASE_CALL_LIMIT, attempt, replace).await
        }
    }

    /// Gives the lease back, so that another need not wait for it to expire.
    async fn release(&self) {
        let released = async {
            let Some(mut lease) = self.read().await? else {
                return Ok(());
            };
            if record(&lease).holder != self.elector.identity() {
                return Ok(());
            }
            if let Some(spec) = &mut lease.spec {
                spec.holder_identity = Some(String::new());
                spec.lease_duration_seconds = Some(1);
                spec.renew_time = Some(MicroTime(jiff::Timestamp::now()));
            }
            self.write(&lease, false).await.map(drop)
        };
        let released: Result<(), ClusterError> = released.await;
        if let Err(error) = released {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "Lease was not given back, another waits for it to expire");
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn deadline(&self) -> Option<Instant> {
        self.elector.leads_until().map(|until| self.began + until)
    }
}

async fn passed(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn tell(role: &watch::Sender<Role>, now: Role) {
    role.send_if_modified(|role| std::mem::replace(role, now) != now);
}

fn record(lease: &Lease) -> Record {
    let spec = lease.spec.as_ref();
    let seconds = spec.and_then(|spec| spec.lease_duration_seconds).unwrap_or(0);
    let renewed = spec.and_then(|spec| spec.renew_time.as_ref());
    Record {
        holder: spec.and_then(|spec| spec.holder_identity.clone()).unwrap_or_default(),
        duration: Duration::from_secs(u64::try_from(seconds).unwrap_or(0)),
        renewed_us: renewed.map_or(0, |time| time.0.as_microsecond()),
        transitions: spec.and_then(|spec| spec.lease_transitions).unwrap_or(0),
    }
}

/// The lease as its holder writes it. Everything else in it stays, its version above all.
fn held(lease: Option<Lease>, name: &str, elector: &Elector, action: Action) -> Lease {
    let mut lease = lease.unwrap_or_else(|| Lease {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        spec: None,
    });
    let spec = lease.spec.get_or_insert_with(LeaseSpec::default);
    let now = MicroTime(jiff::Timestamp::now());
    if action != Action::Renew {
        let taken_over = i32::from(action == Action::Take);
        spec.lease_transitions = Some(spec.lease_transitions.unwrap_or(0) + taken_over);
        spec.acquire_time = Some(now.clone());
        spec.holder_identity = Some(elector.identity().to_owned());
    }
    spec.renew_time = Some(now);
    spec.lease_duration_seconds = i32::try_from(elector.timing().lease.as_secs()).ok();
    lease
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::{Answer, Mock};
    use serde_json::{Value, json};

    fn lease(holder: &str) -> Value {
        json!({
            "metadata": {"name": "plimsoll", "resourceVersion": "7"},
            "spec": {"holderIdentity": holder, "leaseDurationSeconds": 15, "leaseTransitions": 3},
        })
    }

    /// Runs an election against these answers; they end in silence. Returns how it ended, the
    /// roles that were told, and what was asked.
    async fn run(answers: Vec<Answer>, cancel_after: Duration) -> (ElectionEnd, Vec<Role>, Mock) {
        let mock = Mock::new(answers);
        let election = Election::new(mock.client(), "plimsoll", "plimsoll", "me", Lead::default());
        let (sender, mut receiver) = watch::channel(Role::Standby);
        let cancel = CancellationToken::new();
        let told = tokio::spawn(async move {
            let mut roles = Vec::new();
            while receiver.changed().await.is_ok() {
                roles.push(*receiver.borrow());
            }
            roles
        });
        let canceller = cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(cancel_after).await;
            canceller.cancel();
        });
        let end = election.run(sender, cancel).await;
        (end, told.await.unwrap(), mock)
    }

    const LONG: Duration = Duration::from_secs(100);

    #[tokio::test(start_paused = true)]
    async fn a_leader_whose_renewals_go_unanswered_is_lost_at_the_deadline() {
        let answers = vec![
            Answer::Status(404, json!({})),
            Answer::Json(201, lease("me")),
            Answer::Never,
            Answer::Never,
            Answer::Never,
            Answer::Never,
        ];
        let began = Instant::now();
        let (end, roles, _) = run(answers, LONG).await;
        assert_eq!(end, ElectionEnd::Lost);
        assert_eq!(roles, [Role::Leader, Role::Standby]);
        assert_eq!(began.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_held_by_another_is_taken_with_its_version_after_it_expired() {
        let mut answers = vec![Answer::Json(200, lease("other")); 9];
        answers.push(Answer::Json(200, lease("me")));
        let (_, roles, mock) = run(answers, Duration::from_secs(17)).await;
        assert_eq!(roles, [Role::Leader, Role::Standby]);
        let write = &mock.requests()[9];
        assert_eq!(write.method, "PUT");
        assert_eq!(write.body["metadata"]["resourceVersion"], "7");
        assert_eq!(write.body["spec"]["holderIdentity"], "me");
        assert_eq!(write.body["spec"]["leaseTransitions"], 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_leader_that_sees_another_holder_is_lost_at_once() {
        let answers = vec![
            Answer::Json(200, lease("")),
            Answer::Json(200, lease("me")),
            Answer::Json(200, lease("other")),
        ];
        let began = Instant::now();
        let (end, _, _) = run(answers, LONG).await;
        assert_eq!(end, ElectionEnd::Lost);
        assert_eq!(began.elapsed().as_secs(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_leader_that_is_told_to_end_gives_the_lease_back() {
        let answers = vec![
            Answer::Json(200, lease("")),
            Answer::Json(200, lease("me")),
            Answer::Json(200, lease("me")),
            Answer::Json(200, lease("")),
        ];
        let (end, roles, mock) = run(answers, Duration::from_secs(1)).await;
        assert_eq!(end, ElectionEnd::Released);
        assert_eq!(roles, [Role::Leader, Role::Standby]);
        assert_eq!(mock.requests()[3].body["spec"]["holderIdentity"], "");
    }

    #[tokio::test(start_paused = true)]
    async fn a_candidate_that_loses_the_race_for_a_free_lease_follows() {
        let answers = vec![
            Answer::Json(200, lease("")),
            Answer::Status(409, json!({})),
            Answer::Json(200, lease("other")),
        ];
        let (end, roles, _) = run(answers, Duration::from_secs(3)).await;
        assert_eq!(end, ElectionEnd::Released);
        assert_eq!(roles, []);
    }
}
