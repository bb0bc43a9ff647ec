//! `--execute`, `--resume`, `--dry-run`, `--abort`: signs in, looks, refuses where it should, asks a person, and hands over to the loop.

use super::super::azure_access::{SignedIn, process_environment};
use super::super::simulation::SimulationArgs;
use super::super::{CliError, Ending};
use super::carry::{Blocked, CarryArgs};
use super::emergency::Emergency;
use super::evidence::{self, Evidence};
use super::status::store_error;
use super::telling::{Screen, Talk};
use crate::execute::actuator::{Actuator, Depth, LockTrouble, Observed};
use crate::execute::azure::{Azure, Interrupt};
use crate::execute::journal::{Orders, RunEnd, Status, StepState};
use crate::execute::lock::ClusterLock;
use crate::execute::run::{Judge, OnBlocked, Options, Outcome, run as carry_out};
use crate::execute::store::{Store, StoreError};
use crate::finding::{Severity, counted};
use crate::migrate::build::{as_at_the_move, together};
use crate::migrate::condition::{Condition, Holding};
use crate::migrate::fingerprint::{Drift, drift, facts};
use crate::migrate::foresee::{Foresights, blockers, sentence};
use crate::migrate::step::Resource;
use crate::migrate::window::{Answer, Gate, Question, Window};
use crate::migrate::{Action, Obstacle, Plan, Step};
use crate::model::{Inventory, ResourceId};
use crate::report::terminal::clean;
use crate::rule;
use crate::source::azure::account;
use crate::source::azure::container_service::ContainerService;
use crate::source::azure::credential;
use crate::source::kubernetes_api::{Access, Reader, Settings, asks_for_token};
use jiff::Timestamp;
use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

pub fn run(
    path: &Path,
    plan: &Plan,
    args: &CarryArgs,
    simulation: &SimulationArgs,
) -> Result<Ending, CliError> {
    crate::source::azure::install_tls();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(Carrier::carry(path, plan, args, simulation))
}

/// Everything one call is about.
struct Carrier<'a> {
    path: &'a Path,
    plan: &'a Plan,
    args: &'a CarryArgs,
    simulation: &'a SimulationArgs,
    window: Option<Window>,
    access: Access,
    settings: Settings,
}

impl<'a> Carrier<'a> {
    async fn carry(
        path: &'a Path,
        plan: &'a Plan,
        args: &'a CarryArgs,
        simulation: &'a SimulationArgs,
    ) -> Result<Ending, CliError> {
        let id = plan
            .target
            .id
            .as_deref()
            .map(ResourceId::new)
            .expect("verified plans name their cluster");
        let sources = &simulation.sources;
        if !sources.from.is_empty() {
            return Err(CliError::Usage(
                "a plan is carried out on what is read live: --from cannot stand in for it"
                    .to_string(),
            ));
        }
        if let Some(wanted) = &simulation.cluster
            && !wanted.eq_ignore_ascii_case(&plan.target.name)
            && !wanted.eq_ignore_ascii_case(id.as_str())
        {
            return Err(CliError::Usage(format!(
                "the plan is for cluster {}, and --cluster says {wanted}",
                plan.target.name
            )));
        }
        let signed_in = sign_in(plan, simulation).await?;
        let client = super::super::live::client(&sources.azure, &signed_in);
        let access = access(simulation, &signed_in, &client, &id).await?;
        let settings = Settings::default();
        let carrier = Carrier {
            path,
            plan,
            args,
            simulation,
            window: simulation.own_window()?,
            access,
            settings,
        };
        let reader = Reader::open(&carrier.access, &carrier.settings).await?;
        let interrupt = Interrupt::default();
        let mut world = Azure::new(
            &client,
            id,
            reader,
            ClusterLock::default(),
            interrupt.clone(),
            sources.also_reserved.clone(),
        );
        if args.dry_run {
            return carrier.dry_run(&mut world).await;
        }
        carrier.wet_run(world, interrupt).await
    }

    /// Reads, judges, says; opens no journal and takes no lock.
    async fn dry_run(&self, world: &mut Azure<ClusterLock>) -> Result<Ending, CliError> {
        let journal = self.args.journal(self.path);
        let status = Store::look(&journal, self.plan)
            .map_err(store_error)?
            .map_or_else(|| Status::of(self.plan), |(status, _)| status);
        let observed = self.look(world).await?;
        let (refusals, notes) = self.refusals(&observed, &status, world.now(), world.now());
        super::dry_run::dry_run(
            self.plan,
            &status,
            &observed,
            &refusals,
            &notes,
            self.simulation.format(),
        )?;
        Ok(if refusals.is_empty() {
            Ending::Fine
        } else {
            Ending::Findings
        })
    }

    async fn look(&self, world: &mut Azure<ClusterLock>) -> Result<Observed, CliError> {
        let observed = world
            .observe(Depth::Whole)
            .await
            .map_err(|why| CliError::Unready(format!("the cluster cannot be read: {why}")))?;
        if let (Some(planned), Some(now)) = (&self.plan.target.tenant, &observed.tenant)
            && !planned.eq_ignore_ascii_case(now)
        {
            return Err(CliError::Usage(format!(
                "the plan is for tenant {planned}, and the cluster is in {now}"
            )));
        }
        match other_cluster(&observed) {
            Some(why) => Err(CliError::Usage(why)),
            None => Ok(observed),
        }
    }

    async fn wet_run(
        &self,
        mut world: Azure<ClusterLock>,
        interrupt: Interrupt,
    ) -> Result<Ending, CliError> {
        let journal = self.args.journal(self.path);
        self.may_begin(&journal)?;
        if self.args.deed.abort && !journal.exists() {
            let because = "this plan has no journal here: whatever runs on the cluster is asked to end, and noted nowhere";
            return self
                .abort_at_once(world, interrupt, Resource::Cluster, because)
                .await;
        }
        // Nobody else may write to the journal from here on, nor to the cluster: then it is judged.
        let mut store = match Store::open(&journal, self.plan, world.now()) {
            Err(StoreError::Locked(_)) if self.args.deed.abort => {
                let because = "another aksplan watches this plan, and notes the end itself";
                let resource = self.under_way(&journal);
                return self
                    .abort_at_once(world, interrupt, resource, because)
                    .await;
            }
            opened => opened.map_err(store_error)?,
        };
        let holder = holder(&store.status().id);
        if !self.args.deed.abort {
            world
                .lock()
                .take(&self.access, &self.settings, &holder, Timestamp::now())
                .await
                .map_err(CliError::Unready)?;
        }
        let ended = self.locked(&mut store, &mut world, interrupt, holder).await;
        world.into_lock().give_back(Timestamp::now()).await;
        ended
    }

    /// What the step that is next writes to.
    fn under_way(&self, journal: &Path) -> Resource {
        let found = Store::look(journal, self.plan).ok().flatten();
        let current = found.and_then(|(status, _)| status.current());
        current
            .and_then(|position| self.plan.steps[position].write.clone())
            .map_or(Resource::Cluster, |write| write.resource)
    }

    async fn abort_at_once(
        &self,
        mut world: Azure<ClusterLock>,
        interrupt: Interrupt,
        resource: Resource,
        because: &str,
    ) -> Result<Ending, CliError> {
        let observed = self.look(&mut world).await?;
        if !observed.is_quiet() {
            self.confirm(&Status::of(self.plan))?;
        }
        let mut screen = Screen::new(self.plan, self.simulation.format());
        let listening = listen(interrupt, screen.talk());
        let emergency = Emergency {
            plan: self.plan,
            resource,
            because: because.to_string(),
            poll: Duration::from_secs_f64(self.args.poll),
        };
        let ended = emergency.end(&mut world, &observed, &mut screen).await;
        listening.abort();
        ended
    }

    async fn locked(
        &self,
        store: &mut Store,
        world: &mut Azure<ClusterLock>,
        interrupt: Interrupt,
        holder: String,
    ) -> Result<Ending, CliError> {
        let mut screen = Screen::new(self.plan, self.simulation.format());
        let observed = self
            .look_when_quiet(world, store.status(), &mut screen)
            .await?;
        let now = world.now();
        let first = store.status().first_write.unwrap_or(now);
        let (refusals, notes) = self.refusals(&observed, store.status(), first, now);
        for note in &notes {
            screen.note(now, note);
        }
        if refusals.is_empty() {
            self.confirm(store.status())?;
        }
        let listening = listen(interrupt, screen.talk());
        let judge = Judgement {
            carrier: self,
            refusals,
        };
        // A person may have taken their time to type.
        let now = world.now();
        let first = store.status().first_write.unwrap_or(now);
        let options = self.options(holder, &observed, first, now);
        screen.until(options.until);
        let outcome = carry_out(self.plan, store, world, &mut screen, &options, &judge).await;
        listening.abort();
        let after = world.observe(Depth::Whole).await.ok();
        let outcome = outcome.map_err(store_error)?;
        let read = (&observed, after.as_ref());
        self.evidence(store, read, &outcome, &mut screen)?;
        let status = store.status();
        if outcome.how != RunEnd::Completed && status.wrote {
            screen.go_on(world.now());
        }
        Ok(match outcome.how {
            RunEnd::Completed if status.unproven.is_empty() => Ending::Fine,
            RunEnd::Completed => Ending::Findings,
            RunEnd::Refused if !status.wrote => Ending::Findings,
            _ => Ending::Unfinished,
        })
    }

    /// Whether what is asked fits what the journal says.
    fn may_begin(&self, journal: &Path) -> Result<(), CliError> {
        let found = Store::look(journal, self.plan).map_err(store_error)?;
        let name = journal.display();
        let problem = match (&found, self.args.deed.execute) {
            // What runs can be ended from anywhere.
            (None, false) if self.args.deed.abort => return Ok(()),
            (None, false) => {
                "nothing was begun, so there is nothing to go on with; begin with --execute"
            }
            (Some((status, _)), false)
                // A run that was killed has no end.
                if self.args.deed.resume
                    && !status.wrote
                    && !status.open_run
                    && status.last_end.is_some() =>
            {
                "nothing was written yet, so there is nothing to go on with; begin with --execute"
            }
            // Killed between its last step and its end, a run has still to say how it came out.
            (Some((status, _)), _) if status.is_complete() && !status.open_run => {
                "every step of this plan is done"
            }
            (Some((status, _)), true) if status.wrote => {
                "this plan was begun before; see --status, and go on with --resume"
            }
            _ => return Ok(()),
        };
        Err(CliError::Usage(format!("{name}: {problem}")))
    }

    /// A write of the step that is next was taken, or may have been.
    fn is_under_way(&self, status: &Status) -> bool {
        let current = status
            .current()
            .map(|position| &self.plan.steps[position])
            .filter(|step| step.write.is_some());
        current.is_some_and(|step| {
            matches!(
                status.step(&step.id),
                StepState::Running { .. } | StepState::InDoubt { .. }
            )
        })
    }

    /// Looks. Somebody else's operation is waited for where that is wanted and the window is open: only then can anything be judged.
    async fn look_when_quiet(
        &self,
        world: &mut Azure<ClusterLock>,
        status: &Status,
        screen: &mut Screen<'_>,
    ) -> Result<Observed, CliError> {
        let waits = self.args.on_blocked == Blocked::Wait
            && !self.args.deed.abort
            && !self.is_under_way(status);
        let mut told = None;
        loop {
            let observed = self.look(world).await?;
            let now = world.now();
            let running = Condition::NoOperationRuns.judge(observed.sight(None));
            let window = self.window.as_ref();
            let is_open = Question::of(observed.cluster(), window, now).until();
            let Holding::Fails(why) = running else {
                return Ok(observed);
            };
            if !waits || observed.cluster().is_stopped() || is_open.is_none_or(|until| now >= until)
            {
                return Ok(observed);
            }
            let why = format!("another operation is under way, and is waited for: {why}");
            if told.as_ref() != Some(&why) {
                screen.note(now, &why);
                told = Some(why);
            }
            world.wait(Duration::from_secs_f64(self.args.poll)).await;
            if let Err(LockTrouble::Lost(who)) = world.keep_lock().await {
                return Err(CliError::Unready(who));
            }
        }
    }

    /// Everything that stands in the way of beginning or going on now, and what is worth saying of the rest.
    fn refusals(
        &self,
        observed: &Observed,
        status: &Status,
        begun: Timestamp,
        now: Timestamp,
    ) -> (Vec<String>, Vec<String>) {
        let mut refusals = Vec::new();
        let mut notes = Vec::new();
        let current = status.current();
        // What AKS is at already is watched, whatever the clock says.
        if self.is_under_way(status) || self.args.deed.abort {
            return (refusals, notes);
        }
        refusals.extend(other_cluster(observed));
        let left: Vec<Step> = current
            .map(|position| self.plan.steps[position..].to_vec())
            .unwrap_or_default();
        let altered: Vec<String> = self
            .plan
            .steps
            .iter()
            .filter(|step| !matches!(status.step(&step.id), StepState::Pending))
            .flat_map(|step| step.action.alters())
            .collect();
        // Whether Azure ever took the move, and whether a reimage failed before.
        let has_moved = self.plan.steps.iter().any(|step| {
            matches!(step.action, Action::MoveToOverlay { .. })
                && (status.failed.contains(&step.id)
                    || matches!(
                        status.step(&step.id),
                        StepState::Done | StepState::Held | StepState::Running { .. }
                    ))
        });
        let has_failed = self
            .plan
            .steps
            .iter()
            .any(|step| status.failed.contains(&step.id) && step.reimages);
        let now_facts = facts(&observed.inventory, observed.cluster());
        for drift in drift(&self.plan.facts, &now_facts, &altered) {
            let told = drifted(&drift);
            // Half moved, there is nothing left to plan anew; and what releases a stuck node is a change to budgets and pools.
            let is_release = has_failed
                && (drift.fact.starts_with("budget.")
                    || drift.fact.starts_with("pool.") && drift.fact.ends_with(".count"));
            if has_moved || is_release {
                notes.push(format!("{told}: going on all the same"));
            } else {
                refusals.push(format!("{told}: make the plan again"));
            }
        }
        if !left.iter().any(|step| step.reimages) {
            return (refusals, notes);
        }
        let then = as_at_the_move(&observed.inventory, observed.index, &left);
        let cluster = then.cluster(observed.index);
        let moves = left
            .iter()
            .any(|step| matches!(step.action, Action::MoveToOverlay { .. }));
        // What a failed attempt of the move itself leaves is no obstacle to going on.
        if moves && !has_moved {
            let blockers = blockers(&then, cluster, &self.plan.pod_cidr);
            // A failed write before it leaves the cluster or a pool Failed or Canceled, which its own step asks about.
            let mut writes = self.plan.steps.iter().filter(|step| step.write.is_some());
            let has_left = writes.any(|step| status.failed.contains(&step.id));
            let is_left = |obstacle: &Obstacle| has_left && obstacle.rule == &rule::MIG_14;
            let blockers = blockers.iter().filter(|obstacle| !is_left(obstacle));
            refusals.extend(blockers.map(sentence));
        }
        let expected = self.expected_now(&then, observed, &left);
        if expected.is_none() {
            notes.push(
                "how long it takes could not be simulated on what is now: too few futures complete"
                    .to_string(),
            );
        }
        let question = Question {
            p50_seconds: expected.map(|expected| expected.0),
            p90_seconds: expected.map(|expected| expected.1),
            begun,
            ..Question::of(observed.cluster(), self.window.as_ref(), now)
        };
        let answers = question.answers();
        let is_shut =
            |answer: &Answer| answer.gate == Gate::Clock && answer.severity == Severity::Blocker;
        // Where no window is open, nothing can fit into it: that is one thing in the way.
        let is_shut = answers.iter().any(is_shut);
        let answers = answers.into_iter();
        for answer in answers.filter(|answer| !(is_shut && answer.gate == Gate::Overrun)) {
            let sentence = if answer.remedy.is_empty() {
                format!("{} ({})", answer.evidence, answer.rule.id)
            } else {
                format!(
                    "{} ({}). {}",
                    answer.evidence, answer.rule.id, answer.remedy
                )
            };
            let is_accepted = answer.gate == Gate::Overrun && self.args.accept_overrun;
            match answer.severity {
                Severity::Blocker if !is_accepted => refusals.push(sentence),
                _ => notes.push(sentence),
            }
        }
        (refusals, notes)
    }

    /// Median and p90 of what is left, simulated on what is now.
    fn expected_now(
        &self,
        then: &Inventory,
        observed: &Observed,
        left: &[Step],
    ) -> Option<(u32, u32)> {
        let cluster = then.cluster(observed.index);
        let policy = self.simulation.timing().ok()?;
        let pods = cluster
            .kubernetes
            .as_deref()
            .map_or(0, |state| state.pods.len());
        let chance = self.simulation.chance(pods);
        let mut left = left.to_vec();
        let foresights = Foresights::of(then, cluster, &left, &policy, chance);
        for step in left.iter_mut().filter(|step| step.reimages) {
            let foresight = foresights.of_step(step)?;
            foresight.foreseen.median?;
            step.expected = foresight.seconds;
        }
        together(&left).map(|sum| (sum.p50, sum.p90))
    }

    fn options(
        &self,
        holder: String,
        observed: &Observed,
        begun: Timestamp,
        now: Timestamp,
    ) -> Options {
        let question = Question {
            begun,
            ..Question::of(observed.cluster(), self.window.as_ref(), now)
        };
        let seconds = |value: f64| Duration::from_secs_f64(value);
        Options {
            made_by: format!("aksplan {}", env!("CARGO_PKG_VERSION")),
            holder,
            on_blocked: match self.args.on_blocked {
                Blocked::Wait => OnBlocked::Wait,
                Blocked::Stop => OnBlocked::Stop,
                Blocked::Abort => OnBlocked::Abort,
            },
            stuck_after: (self.args.stuck_after * 60.0) as u32,
            poll: seconds(self.args.poll),
            settle: seconds(self.args.settle),
            doubt: seconds(self.args.settle.min(120.0)),
            orders: self.orders(question.until()),
            until: question.until(),
            abort: self.args.deed.abort,
        }
    }

    /// A person types the cluster's name, or --yes stands for it.
    fn confirm(&self, status: &Status) -> Result<(), CliError> {
        if self.args.yes {
            return Ok(());
        }
        let name = &self.plan.target.name;
        let stdin = std::io::stdin();
        if !stdin.is_terminal() {
            return Err(CliError::Usage(format!(
                "nobody is here to type the cluster's name ({name}); --yes goes on without asking"
            )));
        }
        let mut talk = std::io::stderr();
        let what = if self.args.deed.abort {
            format!("End the operation that runs on {name}. Nodes stay as they are.")
        } else if status.wrote {
            format!("Go on with the plan for {name}.")
        } else {
            format!(
                "This moves {name} to Azure CNI Overlay. There is no way back, and every node is drained and reimaged{}.",
                match self.plan.reimages() {
                    1 => String::new(),
                    times => format!(" {times} times"),
                }
            )
        };
        let target = &self.plan.target;
        let warnings = self.plan.findings.iter();
        let warnings = warnings.filter(|told| told.severity == "warning").count() as u64;
        let _ = writeln!(
            talk,
            "{}",
            clean(&format!(
                "cluster {name}, resource group {}, subscription {}; pod CIDR {}; plan {}; {} in it",
                target.resource_group.as_deref().unwrap_or("not known"),
                target.subscription.as_deref().unwrap_or("not known"),
                self.plan.pod_cidr,
                &self.plan.digest[..12.min(self.plan.digest.len())],
                counted(warnings, "warning", "warnings")
            ))
        );
        let _ = write!(talk, "{} Type the cluster's name to begin: ", clean(&what));
        let _ = talk.flush();
        let mut typed = String::new();
        stdin.lock().read_line(&mut typed)?;
        if typed.trim() == name {
            Ok(())
        } else {
            Err(CliError::Usage(
                "that is not the cluster's name, and nothing was written".to_string(),
            ))
        }
    }

    fn orders(&self, until: Option<Timestamp>) -> Orders {
        let deed = &self.args.deed;
        Orders {
            deed: match (deed.execute, deed.resume) {
                (true, _) => "execute",
                (_, true) => "resume",
                _ => "abort",
            }
            .to_string(),
            window: self.window.map(|window| window.to_string()),
            until,
            on_blocked: match self.args.on_blocked {
                Blocked::Wait => "wait",
                Blocked::Stop => "stop",
                Blocked::Abort => "abort",
            }
            .to_string(),
            accept_overrun: self.args.accept_overrun,
            yes: self.args.yes,
        }
    }

    fn evidence(
        &self,
        store: &Store,
        (before, after): (&Observed, Option<&Observed>),
        outcome: &Outcome,
        screen: &mut Screen,
    ) -> Result<(), CliError> {
        if !store.status().wrote {
            return Ok(());
        }
        let path = self.args.evidence(self.path);
        let records = Store::look(store.path(), self.plan)
            .map_err(store_error)?
            .map_or_else(Vec::new, |(_, records)| records);
        let text = evidence::text(&Evidence {
            plan: self.plan,
            status: store.status(),
            records: &records,
            before,
            after,
            outcome,
        });
        crate::execute::store::write_private(&path, &text).map_err(|error| {
            CliError::Write(std::io::Error::new(
                error.kind(),
                format!("{}: {error}", path.display()),
            ))
        })?;
        screen.evidence(Timestamp::now(), &path);
        Ok(())
    }
}

async fn sign_in(plan: &Plan, simulation: &SimulationArgs) -> Result<SignedIn, CliError> {
    let access = &simulation.sources.azure;
    let mut settings = credential::Settings::new(process_environment());
    let subscription = plan.target.subscription.as_deref().unwrap_or_default();
    if let Some(other) = access
        .subscription
        .iter()
        .find(|named| is_id(named) && !named.eq_ignore_ascii_case(subscription))
    {
        return Err(CliError::Usage(format!(
            "the plan is for subscription {subscription}, and --subscription says {other}"
        )));
    }
    // Who is not signed in with the Azure CLI has no list of subscriptions: then only Azure itself knows the tenant.
    let known = account::subscriptions(&[subscription.to_string()], access.cloud, &settings).await;
    let tenant = known
        .ok()
        .and_then(|known| known.into_iter().next()?.tenant_id);
    if let (Some(planned), Some(known)) = (&plan.target.tenant, &tenant)
        && !planned.eq_ignore_ascii_case(known)
    {
        return Err(CliError::Usage(format!(
            "the plan is for tenant {planned}, and subscription {subscription} is in {known}"
        )));
    }
    settings.tenant = tenant.or_else(|| plan.target.tenant.clone());
    access.sign_in(&settings)
}

/// Subscriptions are named by id or by name; only ids can be compared.
fn is_id(text: &str) -> bool {
    text.len() == 36 && text.matches('-').count() == 4
}

/// The way to the cluster's own API server: what the flags say, else the kubeconfig that Azure hands out.
async fn access(
    simulation: &SimulationArgs,
    signed_in: &SignedIn,
    client: &crate::source::azure::ArmClient,
    cluster: &ResourceId,
) -> Result<Access, CliError> {
    let sources = &simulation.sources;
    if let Some(access) = sources.kubernetes.access()? {
        return Ok(access);
    }
    let kubeconfig = ContainerService::new(client)
        .user_kubeconfig(cluster)
        .await?;
    let kubeconfig = kubeconfig.secret().to_string();
    let token = if asks_for_token(&kubeconfig) {
        if sources.azure.arm_endpoint.is_some() {
            return Err(CliError::Usage(
                "the cluster wants a token of Entra ID, and with --arm-endpoint there is none for it; --context reaches it with your own \
                 kubeconfig"
                    .to_string(),
            ));
        }
        Some(super::super::live_objects::tokens(&signed_in.credential))
    } else {
        None
    };
    Ok(Access::Handed { kubeconfig, token })
}

/// A fact that is not what it was, in words.
fn drifted(drift: &Drift) -> String {
    let value = |value: &Option<String>, none: &str| match value.as_deref() {
        None => none.to_string(),
        Some("") => "empty".to_string(),
        Some(value) => value.to_string(),
    };
    format!(
        "{} was {} when the plan was made, and is {}",
        drift.fact,
        value(&drift.planned, "not there"),
        value(&drift.now, "gone")
    )
}

/// The objects must be those of the cluster that is written to: a context may lead anywhere. Machines of AKS say which resource group
/// they are in; the first that is in another one, in a sentence.
fn other_cluster(observed: &Observed) -> Option<String> {
    let cluster = observed.cluster();
    let group = cluster.node_resource_group.as_deref()?;
    let state = cluster.kubernetes.as_deref()?;
    state.nodes.iter().find_map(|node| {
        let id = ResourceId::new(node.provider_id.as_deref()?.trim_start_matches("azure://"));
        let other = id.resource_group()?;
        (!other.eq_ignore_ascii_case(group)).then(|| {
            format!(
                "the API server is another cluster's: node {} is in resource group {other}, and machines of {} are in {group}",
                node.name, cluster.name
            )
        })
    })
}

/// What is asked before every write that drains nodes, on what is seen then.
struct Judgement<'c, 'a> {
    carrier: &'c Carrier<'a>,
    /// Of the first look.
    refusals: Vec<String>,
}

impl Judge for Judgement<'_, '_> {
    fn before_the_run(&self) -> Vec<String> {
        self.refusals.clone()
    }

    fn before_a_write(&self, observed: &Observed, status: &Status, now: Timestamp) -> Vec<String> {
        let begun = status.first_write.unwrap_or(now);
        self.carrier.refusals(observed, status, begun, now).0
    }
}

/// Who carries it out, for people, and the journal it is noted in: a run that was killed does not stand in its own way, and no other journal
/// has the same number.
fn holder(journal: &str) -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = variable("USER")
        .or_else(|| variable("USERNAME"))
        .unwrap_or_else(|| "somebody".to_string());
    let host = variable("HOSTNAME")
        .or_else(|| {
            std::fs::read_to_string("/etc/hostname")
                .ok()
                .map(|text| text.trim().to_string())
        })
        .unwrap_or_else(|| "a machine".to_string());
    clean(&format!("{user}@{host}, journal {journal}"))
}

/// Ctrl-C, or the signal to terminate, once: stop after the current write. Twice: at once.
fn listen(interrupt: Interrupt, talk: Talk) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        while asked_to_stop().await {
            if interrupt.is_asked() {
                talk.clear();
                talk.aside("stopped at once; --status says how it stands; go on with:");
                talk.aside(&super::lines::resume(std::env::args_os()));
                std::process::exit(4);
            }
            interrupt.ask();
            talk.aside("stopping after the current write; once more stops at once");
        }
    })
}

#[cfg(unix)]
async fn asked_to_stop() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return tokio::signal::ctrl_c().await.is_ok();
    };
    tokio::select! {
        asked = tokio::signal::ctrl_c() => asked.is_ok(),
        asked = terminate.recv() => asked.is_some(),
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}
