//! `--execute`, `--resume`, `--dry-run`, `--abort`: signs in, looks, refuses where it should, asks a person, and hands over to the loop.

mod caller;
mod judging;

use self::caller::{access, holder, listen, sign_in};
use self::judging::{Judgement, other_cluster};
use super::super::simulation::SimulationArgs;
use super::super::{CliError, Ending};
use super::carry::{Blocked, CarryArgs};
use super::emergency::{self, Halted};
use super::evidence::{self, Evidence};
use super::status::store_error;
use super::telling::Screen;
use crate::execute::actuator::{Actuator, Depth, LockTrouble, Observed};
use crate::execute::azure::{Azure, Interrupt};
use crate::execute::halt::Halt;
use crate::execute::journal::{Orders, RunEnd, Status};
use crate::execute::lock::ClusterLock;
use crate::execute::run::{OnBlocked, Options, Outcome, run as carry_out};
use crate::execute::store::Store;
use crate::finding::counted;
use crate::migrate::Plan;
use crate::migrate::condition::{Condition, Holding};
use crate::migrate::window::{Question, Window};
use crate::model::ResourceId;
use crate::report::terminal::clean;
use crate::source::kubernetes_api::lease::{Lease, LeaseError};
use crate::source::kubernetes_api::{Access, Reader, Settings};
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
        let interrupt = Interrupt::default();
        let mut screen = Screen::new(plan, simulation.format());
        let mut asked = None;
        let halt = Halt::new(&client, id.clone());
        if args.deed.abort {
            // First of all, and with as little as that takes.
            let journal = args.journal(path);
            let listening = listen(interrupt.clone(), screen.talk());
            let halted =
                emergency::halt(plan, args, &journal, &halt, &interrupt, &mut screen).await;
            listening.abort();
            match halted? {
                Halted::Asked(store) => asked = Some(store),
                Halted::Over(Ending::Unfinished) => {}
                Halted::Over(ending) => return Ok(ending),
            }
        }
        let access = match access(simulation, &signed_in, &client, &id).await {
            Ok(access) => access,
            Err(error) if args.deed.abort => {
                return ended_unseen(error, &halt, args, &interrupt, &mut screen).await;
            }
            Err(error) => return Err(error),
        };
        let settings = Settings::default();
        let carrier = Carrier {
            path,
            plan,
            args,
            simulation,
            window: simulation.play.own_window()?,
            access,
            settings,
        };
        let reader = match Reader::open(&carrier.access, &carrier.settings).await {
            Ok(reader) => reader,
            Err(error) if args.deed.abort => {
                return ended_unseen(error.into(), &halt, args, &interrupt, &mut screen).await;
            }
            Err(error) => return Err(error.into()),
        };
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
        if args.deed.abort {
            let Some(mut store) = asked else {
                emergency::leaves(&mut world, plan, &mut screen).await;
                return Ok(Ending::Unfinished);
            };
            let holder = holder(&store.status().id);
            let ended = carrier
                .locked(&mut store, &mut world, interrupt.clone(), holder)
                .await;
            return match ended {
                Ok(ending) => Ok(ending),
                Err(error) => ended_unseen(error, &halt, args, &interrupt, &mut screen).await,
            };
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
        let now = world.now();
        let first = status.first_write.unwrap_or(now);
        let (mut refusals, notes) = self.refusals(&observed, &status, first, now);
        match Lease::look(&self.access, &self.settings).await {
            Ok(Some(held)) if !held.is_expired(now) && held.holder != holder(&status.id) => {
                refusals.push(LeaseError::Held(held).to_string());
            }
            Ok(_) => {}
            Err(error) => refusals.push(error.to_string()),
        }
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
        // Nobody else may write to the journal from here on, nor to the cluster: then it is judged.
        let mut store = Store::open(&journal, self.plan, world.now()).map_err(store_error)?;
        let holder = holder(&store.status().id);
        let taken = world
            .lock()
            .take(&self.access, &self.settings, &holder, Timestamp::now())
            .await;
        if let Err(why) = taken {
            let mut screen = Screen::new(self.plan, self.simulation.format());
            screen.note(Timestamp::now(), &format!("refused: {why}"));
            return Ok(Ending::Findings);
        }
        let ended = self.locked(&mut store, &mut world, interrupt, holder).await;
        world.into_lock().give_back(Timestamp::now()).await;
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
        if refusals.is_empty() && !self.args.deed.abort {
            confirm(self.plan, self.args, store.status().wrote)?;
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
        // Until the end: who has had enough presses Ctrl-C twice.
        let after = world.observe(Depth::Proof).await.ok();
        let outcome = outcome.map_err(store_error)?;
        let read = (&observed, after.as_ref());
        self.evidence(store, read, &outcome, &mut screen)?;
        listening.abort();
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
        let current = status.current();
        current.is_some_and(|position| status.is_at_work(&self.plan.steps[position]))
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

/// A person types the cluster's name, or --yes stands for it.
pub(super) fn confirm(plan: &Plan, args: &CarryArgs, wrote: bool) -> Result<(), CliError> {
    if args.yes {
        return Ok(());
    }
    let name = &plan.target.name;
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(CliError::Usage(format!(
            "nobody is here to type the cluster's name ({name}); --yes goes on without asking"
        )));
    }
    let mut talk = std::io::stderr();
    let what = if args.deed.abort {
        format!("End the operation that runs on {name}. Nodes stay as they are.")
    } else if wrote {
        format!("Go on with the plan for {name}.")
    } else {
        format!(
            "This moves {name} to Azure CNI Overlay. There is no way back, and every node is drained and reimaged{}.",
            match plan.reimages() {
                1 => String::new(),
                times => format!(" {times} times"),
            }
        )
    };
    let target = &plan.target;
    let warnings = plan.findings.iter();
    let warnings = warnings.filter(|told| told.severity == "warning").count() as u64;
    let _ = writeln!(
        talk,
        "{}",
        clean(&format!(
            "cluster {name}, resource group {}, subscription {}; pod CIDR {}; plan {}; {} in it",
            target.resource_group.as_deref().unwrap_or("not known"),
            target.subscription.as_deref().unwrap_or("not known"),
            plan.pod_cidr,
            &plan.digest[..12.min(plan.digest.len())],
            counted(warnings, "warning", "warnings")
        ))
    );
    let deed = if args.deed.abort { "end it" } else { "begin" };
    let _ = write!(talk, "{} Type the cluster's name to {deed}: ", clean(&what));
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

/// AKS was asked to end what runs, and the cluster itself cannot be watched: its state is, and what went wrong is told.
async fn ended_unseen(
    error: CliError,
    halt: &Halt,
    args: &CarryArgs,
    interrupt: &Interrupt,
    screen: &mut Screen<'_>,
) -> Result<Ending, CliError> {
    screen.note(
        Timestamp::now(),
        &format!("only the state is watched, and what nodes are like is not known: {error}"),
    );
    emergency::until_quiet(halt, args, interrupt, screen).await;
    Ok(Ending::Unfinished)
}
