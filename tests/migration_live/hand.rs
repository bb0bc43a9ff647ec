//! The executor without a command line around it: a plan made of what the stand-in answers, carried out in this process, killed where
//! a test wants it. Judges nothing.

use super::aks::{Aks, TOKEN, kubernetes};
use super::control_plane::{Folder, kubeconfig};
use super::end::Journal;
use aksplan::execute::actuator::{
    Actuator, Depth, LockTrouble, NotTaken, Observed, Prepared, Standing, Taken, Unprepared,
};
use aksplan::execute::azure::{Azure, Interrupt, Lock};
use aksplan::execute::journal::Orders;
use aksplan::execute::run::{OnBlocked, Options, Outcome, run};
use aksplan::execute::store::Store;
use aksplan::execute::teller::{Teller, Telling};
use aksplan::migrate::step::{Resource, Write};
use aksplan::migrate::{Plan, verify};
use aksplan::model::ResourceId;
use aksplan::source::azure::{ArmClient, Settings};
use aksplan::source::kubernetes_api::{self, Access, Reader};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request, Url};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// When the process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    Never,
    /// So many records are in the journal, and nothing has been done since the last.
    After(usize),
    /// So many bytes of the journal are on the disk, whatever record they end in; of what that record tells nothing came after it.
    Within(usize),
    /// Azure has taken so many writes, and the last is not yet in the journal.
    Unrecorded(u32),
}

/// What came of a run; `None`: it was killed.
pub struct Ran {
    pub outcome: Option<Outcome>,
    pub told: Vec<String>,
}

impl Ran {
    pub fn how(&self) -> String {
        self.outcome.as_ref().map_or_else(
            || "killed".to_string(),
            |outcome| format!("{:?}: {}", outcome.how, outcome.why),
        )
    }
}

pub struct Hand<'a> {
    aks: &'a Aks,
    folder: Folder,
    pub plan: Plan,
    pub token: String,
}

/// Short waits; everything else as it would be.
pub fn options() -> Options {
    Options {
        made_by: "aksplan 0".to_string(),
        holder: "a test".to_string(),
        orders: Orders::default(),
        on_blocked: OnBlocked::Wait,
        stuck_after: 2,
        poll: Duration::from_millis(100),
        settle: Duration::from_secs(5),
        doubt: Duration::from_millis(600),
        until: None,
        abort: false,
    }
}

impl Hand<'_> {
    /// Plans the move of what is there now, as a person would.
    pub fn plan<'a>(aks: &'a Aks, more: &[&str]) -> Hand<'a> {
        let folder = Folder::new();
        let path = super::moves::plan(aks, &folder, more);
        let text = std::fs::read_to_string(path).expect("it was just written");
        let plan = Plan::parse(&text).expect("it is a plan");
        assert_eq!(verify::verify(&plan), Vec::<String>::new());
        aks.forget();
        Hand::with(aks, &plan)
    }

    /// With a plan of another cluster of the same shape.
    pub fn with<'a>(aks: &'a Aks, plan: &Plan) -> Hand<'a> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Hand {
            aks,
            folder: Folder::new(),
            plan: plan.clone(),
            token: TOKEN.to_string(),
        }
    }

    pub fn journal(&self) -> Journal {
        Journal::beside_plan_of(&self.folder)
    }

    pub fn run(&self, options: &Options, death: Death) -> Ran {
        let id = ResourceId::new(
            self.plan
                .target
                .id
                .clone()
                .expect("it was planned with one"),
        );
        let dead = Arc::new(Notify::new());
        let mut told = Told::default();
        let outcome = self.aks.block_on(async {
            let mut store = Store::open(&self.journal().0, &self.plan, Timestamp::now())
                .expect("nobody else has it");
            let mut world = Mortal {
                inner: world(self.aks, &self.token, &id).await,
                journal: self.journal(),
                death,
                sent: 0,
                dead: Arc::clone(&dead),
            };
            let running = run(
                &self.plan,
                &mut store,
                &mut world,
                &mut told,
                options,
                &[] as &[String],
            );
            tokio::select! {
                outcome = running => Some(outcome.expect("the journal is written")),
                () = dead.notified() => None,
                () = tokio::time::sleep(Duration::from_secs(120)) => panic!("it never ends"),
            }
        });
        let was_killed = self.lose(death);
        Ran {
            outcome: outcome.filter(|_| !was_killed),
            told: told.0,
        }
    }

    /// Records that were written without anything being done between them are there together when the process is killed at the next
    /// deed, or at its end: those after its death were never written. Whether there were any.
    fn lose(&self, death: Death) -> bool {
        let bytes = self.journal().bytes();
        let keep: usize = match death {
            Death::After(records) => {
                let lines = bytes.split_inclusive(|byte| *byte == b'\n');
                lines.take(records).map(<[u8]>::len).sum()
            }
            Death::Within(bytes) => bytes,
            Death::Never | Death::Unrecorded(_) => return false,
        };
        if keep >= bytes.len() {
            return false;
        }
        std::fs::write(self.journal().0, &bytes[..keep]).expect("it is ours");
        true
    }
}

#[derive(Debug)]
struct Bearer(String);

#[async_trait::async_trait]
impl Policy for Bearer {
    async fn send(
        &self,
        context: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        request.insert_header("authorization", format!("Bearer {}", self.0));
        next[0].send(context, request, &next[1..]).await
    }
}

struct Nobody;

impl Lock for Nobody {
    async fn keep(&mut self, _now: Timestamp) -> Result<(), LockTrouble> {
        Ok(())
    }
}

async fn world(aks: &Aks, token: &str, id: &ResourceId) -> Azure<Nobody> {
    let endpoint = Url::parse(&aks.endpoint()).expect("an address");
    let settings = Settings {
        patience: Duration::from_secs(8),
        ..Settings::default()
    };
    let client = ArmClient::new(endpoint, Arc::new(Bearer(token.to_string())), settings);
    let user = format!("{{token: {}}}", kubernetes::OPERATOR);
    let control = &aks.plane.control;
    let text = kubeconfig(&control.server, Some(&control.authority()), &user);
    let access = Access::Kubeconfig {
        paths: vec![control.folder.write("operator.yaml", &text)],
        context: None,
    };
    let reader = Reader::open(&access, &kubernetes_api::Settings::default())
        .await
        .expect("our own kubeconfig");
    let interrupt = Interrupt::default();
    Azure::new(&client, id.clone(), reader, Nobody, interrupt, Vec::new())
}

#[derive(Default)]
struct Told(Vec<String>);

impl Teller for Told {
    fn tell(&mut self, _: Timestamp, telling: &Telling) {
        if !matches!(telling, Telling::Progress { .. }) {
            self.0.push(format!("{telling:?}"));
        }
    }
}

/// The real world, until it is time.
struct Mortal {
    inner: Azure<Nobody>,
    journal: Journal,
    death: Death,
    sent: u32,
    dead: Arc<Notify>,
}

impl Mortal {
    async fn live(&self) {
        let text = self.journal.bytes();
        let is_time = match self.death {
            Death::After(records) => text.iter().filter(|byte| **byte == b'\n').count() >= records,
            Death::Within(bytes) => text.len() >= bytes,
            Death::Never | Death::Unrecorded(_) => false,
        };
        if is_time {
            self.die().await;
        }
    }

    async fn die(&self) {
        self.dead.notify_one();
        std::future::pending::<()>().await;
    }
}

impl Actuator for Mortal {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    async fn wait(&mut self, time: Duration) {
        self.live().await;
        self.inner.wait(time).await;
    }

    fn is_interrupted(&self) -> bool {
        self.inner.is_interrupted()
    }

    async fn observe(&mut self, depth: Depth) -> Result<Observed, String> {
        self.live().await;
        self.inner.observe(depth).await
    }

    async fn prepare(&mut self, write: &Write, e_tag: &str) -> Result<Prepared, Unprepared> {
        self.live().await;
        self.inner.prepare(write, e_tag).await
    }

    async fn send(&mut self, prepared: &Prepared) -> Result<Taken, NotTaken> {
        self.live().await;
        let taken = self.inner.send(prepared).await;
        self.sent += 1;
        if self.death == Death::Unrecorded(self.sent) {
            self.die().await;
        }
        taken
    }

    async fn ask(&mut self, operation: &str) -> Result<Standing, String> {
        self.live().await;
        self.inner.ask(operation).await
    }

    async fn abort(&mut self, resource: &Resource) -> Result<Taken, NotTaken> {
        self.live().await;
        self.inner.abort(resource).await
    }

    async fn keep_lock(&mut self) -> Result<(), LockTrouble> {
        self.live().await;
        self.inner.keep_lock().await
    }
}
