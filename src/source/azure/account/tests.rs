//! Profiles of the Azure CLI as it writes them, and what is chosen of them.
#![cfg(unix)]

use super::*;
use azure_identity::Executor;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Output};
use std::sync::Arc;

const HUB: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const SPOKE: &str = "bbbbbbbb-0000-4000-8000-000000000002";
const TENANT: &str = "cccccccc-0000-4000-8000-000000000003";

/// As the Azure CLI 2.60 writes it, byte order mark and a tenant without subscriptions included.
fn profile_text(current: &str) -> String {
    let entry = |id: &str, name: &str, tenant: &str| {
        format!(
            r#"{{"id": "{id}", "name": "{name}", "state": "Enabled", "user": {{"name": "me@contoso.example", "type": "user"}},
               "isDefault": {}, "tenantId": "{tenant}", "environmentName": "AzureCloud", "homeTenantId": "{tenant}", "managedByTenants": []}}"#,
            id == current
        )
    };
    format!(
        "\u{feff}{{\"installationId\": \"x\", \"subscriptions\": [{}, {}, {}]}}",
        entry(SPOKE, "Spoke", TENANT),
        entry(HUB, "Hub", TENANT),
        entry(TENANT, "N/A(tenant level account)", TENANT)
    )
}

#[derive(Debug)]
struct FakeAz(i32, &'static str, &'static str);

#[async_trait::async_trait]
impl Executor for FakeAz {
    async fn run(&self, _: &OsStr, args: &[&OsStr]) -> std::io::Result<Output> {
        assert_eq!(args[1], "cd /bin && az account show -o json");
        Ok(Output {
            status: ExitStatus::from_raw(self.0 << 8),
            stdout: self.1.into(),
            stderr: self.2.into(),
        })
    }
}

/// A profile in a folder of its own; the folder is gone when the test is.
struct Home(PathBuf);

impl Home {
    fn new(name: &str, profile: Option<&str>) -> Self {
        let folder =
            std::env::temp_dir().join(format!("aksplan-home-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join(".azure")).unwrap();
        if let Some(profile) = profile {
            std::fs::write(folder.join(".azure/azureProfile.json"), profile).unwrap();
        }
        Home(folder)
    }

    fn settings(&self, more: Option<(&str, &str)>, az: FakeAz) -> Settings {
        let mut settings = Settings::new(Environment::of([
            ("HOME", self.0.to_str().unwrap()),
            more.unwrap_or(("UNUSED", "")),
        ]));
        settings.executor = Some(Arc::new(az));
        settings
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const NOT_HERE: FakeAz = FakeAz(127, "", "az: not found");

async fn ids(named: &[&str], settings: &Settings) -> Result<Vec<String>, String> {
    let named: Vec<String> = named.iter().map(ToString::to_string).collect();
    subscriptions(&named, Cloud::Public, settings)
        .await
        .map(|found| found.into_iter().map(|one| one.id).collect())
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn what_is_said_wins_over_the_environment_and_that_over_the_azure_cli() {
    let home = Home::new("order", Some(&profile_text(HUB)));
    let plain = home.settings(None, NOT_HERE);
    let hub = || Ok(vec![HUB.to_string()]);
    let spoke = || Ok(vec![SPOKE.to_string()]);
    assert_eq!(ids(&[], &plain).await, hub());
    for variable in ["AZURE_SUBSCRIPTION_ID", "ARM_SUBSCRIPTION_ID"] {
        let set = home.settings(Some((variable, SPOKE)), NOT_HERE);
        assert_eq!(ids(&[], &set).await, spoke());
        assert_eq!(ids(&["hub"], &set).await, hub());
        let blank = home.settings(Some((variable, " ")), NOT_HERE);
        assert_eq!(ids(&[], &blank).await, hub());
    }
    let both = Environment::of([
        ("ARM_SUBSCRIPTION_ID", HUB),
        ("AZURE_SUBSCRIPTION_ID", SPOKE),
    ]);
    assert_eq!(
        wanted(&[], &both),
        [Wanted {
            text: SPOKE.to_string(),
            said_by: "AZURE_SUBSCRIPTION_ID"
        }]
    );
    // Sorted, each once, however it was named.
    assert_eq!(
        ids(&["Spoke", " HUB", HUB, &SPOKE.to_uppercase()], &plain).await,
        Ok(vec![HUB.to_string(), SPOKE.to_string()])
    );
    let found = subscriptions(&["Hub".to_string()], Cloud::Public, &plain)
        .await
        .unwrap();
    assert_eq!(found[0].tenant_id.as_deref(), Some(TENANT));
    assert_eq!(found[0].cloud(), Some(Cloud::Public));
}

#[tokio::test]
async fn a_name_nobody_knows_is_told_with_those_known() {
    let home = Home::new("unknown", Some(&profile_text(HUB)));
    let plain = home.settings(None, NOT_HERE);
    assert_eq!(
        ids(&["Prod"], &plain).await.unwrap_err(),
        "no subscription `Prod` (--subscription); known: Hub, Spoke"
    );
    // An id needs no list.
    let id = "dddddddd-0000-4000-8000-00000000000D";
    assert_eq!(ids(&[id], &plain).await, Ok(vec![id.to_lowercase()]));
    let set = home.settings(Some(("ARM_SUBSCRIPTION_ID", "Prod")), NOT_HERE);
    assert!(
        ids(&[], &set)
            .await
            .unwrap_err()
            .contains("`Prod` (ARM_SUBSCRIPTION_ID)")
    );
    let nobody = Home::new("nobody", None);
    assert_eq!(
        ids(&["Prod"], &nobody.settings(None, NOT_HERE))
            .await
            .unwrap_err(),
        "no subscription `Prod` (--subscription); the Azure CLI knows none here: run `az login`, or give the id"
    );
    let twins = profile_text(HUB).replace("\"Spoke\"", "\"hub\"");
    let twins = Home::new("twins", Some(&twins));
    assert_eq!(
        ids(&["Hub"], &twins.settings(None, NOT_HERE))
            .await
            .unwrap_err(),
        format!(
            "several subscriptions are named `Hub` (--subscription); give the id of one: {HUB}, {SPOKE}"
        )
    );
}

#[tokio::test]
async fn without_a_current_one_az_is_asked_and_the_error_says_what_to_do() {
    let home = Home::new("fallback", Some(&profile_text("none of them")));
    let shown = r#"{"environmentName": "AzureCloud", "id": "aaaaaaaa-0000-4000-8000-000000000001", "isDefault": true, "name": "Hub", "tenantId": "t"}"#;
    let asked = home.settings(None, FakeAz(0, shown, ""));
    assert_eq!(ids(&[], &asked).await, Ok(vec![HUB.to_string()]));
    let advice = "; run `az login` (and `az account set`), or name it with --subscription";
    for (az, why) in [
        (NOT_HERE, "the Azure CLI is not here"),
        (
            FakeAz(1, "", "ERROR: Please run 'az login' to setup account.\n"),
            "the Azure CLI says: Please run 'az login' to setup account.",
        ),
        (
            FakeAz(0, r#"{"id": "t", "tenantId": "t"}"#, ""),
            "`az account show` names no subscription (signed in to a tenant without one?)",
        ),
        (
            FakeAz(0, "null", ""),
            "`az account show` names no subscription (signed in to a tenant without one?)",
        ),
    ] {
        assert_eq!(
            ids(&[], &home.settings(None, az)).await.unwrap_err(),
            format!("which subscription? {why}{advice}")
        );
    }
}

#[tokio::test]
async fn the_current_one_must_be_in_the_cloud_that_is_asked_for() {
    let home = Home::new("cloud", Some(&profile_text(HUB)));
    let plain = home.settings(None, NOT_HERE);
    let error = subscriptions(&[], Cloud::China, &plain).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Azure CLI's current subscription `Hub` is in AzureCloud, and AzureChinaCloud is asked for; give --cloud, or name \
         one with --subscription"
    );
}

#[tokio::test]
async fn a_profile_that_is_none_matters_to_names_only() {
    let home = Home::new("broken", Some("{\"subscriptions\": 7}"));
    let plain = home.settings(None, NOT_HERE);
    for named in [&[][..], &["Hub"]] {
        let said = ids(named, &plain).await.unwrap_err();
        assert!(
            said.contains("azureProfile.json: is not the list of subscriptions")
                && said.contains("az account list --refresh"),
            "{said}"
        );
    }
    assert_eq!(ids(&[HUB], &plain).await, Ok(vec![HUB.to_string()]));
    // AZURE_CONFIG_DIR wins over the home folder.
    let other = Home::new("config", Some(&profile_text(SPOKE)));
    let folder = other.0.join(".azure");
    let set = home.settings(
        Some(("AZURE_CONFIG_DIR", folder.to_str().unwrap())),
        NOT_HERE,
    );
    assert_eq!(ids(&[], &set).await, Ok(vec![SPOKE.to_string()]));
}

#[test]
fn a_guid_is_told_from_a_name() {
    for (text, is_id) in [
        (HUB, true),
        ("AAAAAAAA-0000-4000-8000-000000000001", true),
        ("aaaaaaaa-0000-4000-8000-00000000000", false),
        ("aaaaaaaa-0000-4000-8000-00000000000g", false),
        ("aaaaaaaa00004000800000000000000001", false),
        ("Hub", false),
        ("", false),
    ] {
        assert_eq!(is_guid(text), is_id, "{text}");
    }
}

/// Azure's own list (`GET /subscriptions`) has other names for the same.
#[test]
fn azures_own_list_reads_the_same() {
    let known: Vec<Subscription> = serde_json::from_str(&format!(
        r#"[{{"id": "/subscriptions/{HUB}", "subscriptionId": "{HUB}", "displayName": "Hub", "tenantId": "t", "state": "Enabled"}}]"#
    ))
    .unwrap();
    assert_eq!((known[0].id.as_str(), known[0].name.as_str()), (HUB, "Hub"));
}
