//! The executor over a stage, without a command line around it: a plan of what is on the stage, and runs of it. The journal is a
//! real file, the lock nobody's. Judges nothing but that a journal replays and keeps no signature.

use crate::binary::Folder;
use crate::scripted::{Asked, client_within};
use crate::stage::{Conversation, Stage};
use aksplan::execute::actuator::{
    Actuator, Depth, LockTrouble, NotTaken, Observed, Prepared, Standing, Taken, Unprepared,
};
use aksplan::execute::azure::{Azure, Interrupt, Lock};
use aksplan::execute::journal::{Event, Orders, RunEnd};
use aksplan::execute::run::{OnBlocked, Options, Outcome, run};
use aksplan::execute::store::Store;
use aksplan::execute::teller::{Deaf, Teller};
use aksplan::migrate::plan::{FORMAT_VERSION, KIND};
use aksplan::migrate::step::{Resource, Write};
use aksplan::migrate::{self, Plan, Target, fingerprint};
use aksplan::model::{Cluster, ResourceId};
use aksplan::source::kubernetes_api::{self, Access, Reader};
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;

/// Nobody else executes here.
struct Alone;

impl Lock for Alone {
    async fn keep(&mut self, _: Timestamp) -> Result<(), LockTrouble> {
        Ok(())
    }
}

/// The real world, where no wait is longer than a moment.
pub struct Swift(Azure<Alone>);

impl Actuator for Swift {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn wait(&mut self, time: Duration) {
        self.0.wait(time.min(Duration::from_millis(10))).await;
    }

    fn is_interrupted(&self) -> bool {
        self.0.is_interrupted()
    }

    async fn observe(&mut self, depth: Depth) -> Result<Observed, String> {
        self.0.observe(depth).await
    }

    async fn prepare(&mut self, write: &Write, e_tag: &str) -> Result<Prepared, Unprepared> {
        self.0.prepare(write, e_tag).await
    }

    async fn send(&mut self, prepared: &Prepared) -> Result<Taken, NotTaken> {
        self.0.send(prepared).await
    }

    async fn ask(&mut self, operation: &str) -> Result<Standing, String> {
        self.0.ask(operation).await
    }

    async fn abort(&mut self, resource: &Resource) -> Result<Taken, NotTaken> {
        self.0.abort(resource).await
    }

    async fn keep_lock(&mut self) -> Result<(), LockTrouble> {
        self.0.keep_lock().await
    }
}

pub fn options() -> Options {
    Options {
        made_by: "aksplan 0".to_string(),
        holder: "a test".to_string(),
        orders: Orders::default(),
        on_blocked: OnBlocked::Wait,
        stuck_after: 600,
        poll: Duration::from_millis(10),
        settle: Duration::from_secs(2),
        doubt: Duration::from_secs(2),
        until: None,
        abort: false,
    }
}

/// As a process that has just been started sees it.
pub async fn world(stage: &Stage, id: &ResourceId, interrupt: &Interrupt) -> Swift {
    let client = client_within(&stage.azure.endpoint, 1, Duration::from_secs(20));
    let access = Access::Handed {
        kubeconfig: stage.kubeconfig.clone(),
        token: None,
    };
    let reader = Reader::open(&access, &kubernetes_api::Settings::default())
        .await
        .expect("our own kubeconfig");
    let (id, interrupt) = (id.clone(), interrupt.clone());
    Swift(Azure::new(
        &client,
        id,
        reader,
        Alone,
        interrupt,
        Vec::new(),
    ))
}

/// A plan for a recorded cluster, and where it is carried out.
pub struct Execution {
    pub stage: Stage,
    pub world: Swift,
    folder: Folder,
    pub plan: Plan,
}

impl Execution {
    /// Looks at what was recorded, and plans these actions.
    pub async fn plan(
        conversation: Conversation,
        pod_cidr: &str,
        actions: impl FnOnce(&Cluster) -> Vec<migrate::Step>,
    ) -> Execution {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let id = ResourceId::new(conversation.cluster.clone());
        let stage = Stage::set(conversation).await;
        let mut world = world(&stage, &id, &Interrupt::default()).await;
        let observed = world.observe(Depth::Whole).await.expect("it is read");
        assert_eq!(observed.not_read, [""; 0], "every object is there");
        let cluster = observed.cluster();
        let plan = Plan {
            kind: KIND.to_string(),
            format_version: FORMAT_VERSION.to_string(),
            made_by: "aksplan 0".to_string(),
            observed_at: None,
            target: Target {
                id: Some(id.to_string()),
                name: cluster.name.clone(),
                resource_group: cluster.resource_group.clone(),
                subscription: id.segment("subscriptions").map(str::to_string),
                tenant: observed.tenant.clone(),
            },
            pod_cidr: pod_cidr.parse().expect("a range"),
            pod_cidr_superset: None,
            steps: actions(cluster),
            expected: None,
            findings: Vec::new(),
            breaks: migrate::Dependents::default(),
            ahead: None,
            not_checked: Vec::new(),
            facts: fingerprint::facts(&observed.inventory, cluster),
            fingerprint: String::new(),
            digest: String::new(),
        }
        .sealed();
        Execution {
            stage,
            world,
            folder: Folder::new(),
            plan,
        }
    }

    fn journal(&self) -> PathBuf {
        self.folder.path.join("plan.journal")
    }

    pub fn store(&self) -> Store {
        Store::open(&self.journal(), &self.plan, Timestamp::now()).expect("nobody else has it")
    }

    pub async fn run(&mut self, options: &Options) -> Outcome {
        self.run_telling(options, &mut Deaf).await
    }

    pub async fn run_telling<T: Teller>(&mut self, options: &Options, told: &mut T) -> Outcome {
        let mut store = self.store();
        let (plan, world) = (&self.plan, &mut self.world);
        let running = run(plan, &mut store, world, told, options, &[] as &[String]);
        tokio::time::timeout(Duration::from_secs(120), running)
            .await
            .expect("it ends")
            .expect("the journal is written")
    }

    /// Requests that change something.
    pub fn writes(&self) -> Vec<Asked> {
        let mut asked = self.stage.azure.asked();
        asked.retain(|asked| asked.method != "GET");
        asked
    }

    /// Questions to the operation.
    pub fn polls(&self) -> usize {
        let asked = self.stage.azure.asked();
        let of_operation = |asked: &&Asked| asked.path().contains("/operations/");
        asked.iter().filter(of_operation).count()
    }

    /// The events of the journal, replayed from the file; no signature of an address is in it.
    pub fn events(&self, end: RunEnd) -> Vec<Event> {
        let text = std::fs::read_to_string(self.journal()).expect("there is one");
        assert!(!text.contains("&s=") && !text.contains("&h="), "{text}");
        let looked = Store::look(&self.journal(), &self.plan).expect("it replays");
        let (status, records) = looked.expect("there is one");
        assert_eq!(status.last_end.map(|(how, _)| how), Some(end));
        assert!(!status.open_run);
        records.into_iter().map(|record| record.event).collect()
    }
}
