//! What of Azure is read live, and as whom: the arguments, and what they come to. It never takes a token as an argument, which
//! every user of the machine could read from the list of processes.

use super::CliError;
use crate::source::azure::Settings as ClientSettings;
use crate::source::azure::cloud::{Cloud, Endpoint};
use crate::source::azure::credential::{
    self, AuthChoice, Credential, Environment, Settings, StaticBearer,
};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use std::sync::Arc;
use std::time::Duration;

const HEADING: &str = "Live from Azure";
/// A static bearer for an endpoint of one's own.
const ARM_TOKEN: &str = "AKSPLAN_ARM_TOKEN";

/// Which part of Azure to read, and how to sign in.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Azure")]
pub struct AzureAccess {
    /// A subscription, by id or name; may be given several times
    ///
    /// Without it AZURE_SUBSCRIPTION_ID, then ARM_SUBSCRIPTION_ID, then the Azure CLI's current subscription (`az account set`).
    #[arg(long, value_name = "ID_OR_NAME", value_parser = not_blank, help_heading = HEADING)]
    pub subscription: Vec<String>,

    /// Only what lies in this resource group; may be given several times. Peered VNets are followed out of it
    #[arg(long, short = 'g', value_name = "NAME", value_parser = group_name, help_heading = HEADING)]
    pub resource_group: Vec<String>,

    /// Every subscription that you can see, through Azure Resource Graph
    #[arg(
        long,
        conflicts_with_all = ["subscription", "resource_group", "management_group"],
        help_heading = HEADING
    )]
    pub all: bool,

    /// Every subscription below this management group, through Azure Resource Graph
    #[arg(
        long,
        value_name = "NAME",
        value_parser = not_blank,
        conflicts_with_all = ["subscription", "resource_group"],
        help_heading = HEADING
    )]
    pub management_group: Option<String>,

    /// How to sign in
    #[arg(
        long,
        value_name = "WAY",
        default_value = "auto",
        value_parser = auth_choices(),
        help_heading = HEADING
    )]
    pub auth: AuthChoice,

    /// The cloud that the subscriptions are in
    #[arg(
        long,
        value_name = "CLOUD",
        default_value = "public",
        value_parser = clouds(),
        help_heading = HEADING
    )]
    pub cloud: Cloud,

    /// Ask this endpoint in place of Azure Resource Manager, with the token in the environment variable AKSPLAN_ARM_TOKEN
    ///
    /// Scheme, host and port; https, or http to this very machine (localhost, 127.0.0.0/8, [::1]). The token goes there and
    /// nowhere else, and no other credential is sent to it: --auth does not apply.
    #[arg(
        long,
        value_name = "URL",
        value_parser = Endpoint::parse,
        conflicts_with = "auth",
        help_heading = HEADING
    )]
    pub arm_endpoint: Option<Endpoint>,

    /// Seconds to wait for one answer before asking again
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u16).range(1..=600),
        help_heading = HEADING
    )]
    pub timeout: u16,

    /// Say on standard error how many requests were made, how long they took and who asked
    #[arg(long, help_heading = HEADING)]
    pub verbose: bool,
}

/// Where to ask, and as whom.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub endpoint: Endpoint,
    /// What tokens for Azure Resource Manager are asked for.
    pub scope: &'static str,
    pub credential: Arc<Credential>,
}

impl AzureAccess {
    /// Something of Azure was asked for: without any of these, files alone are read.
    pub fn is_asked(&self) -> bool {
        self.all
            || self.management_group.is_some()
            || !self.subscription.is_empty()
            || !self.resource_group.is_empty()
            || self.arm_endpoint.is_some()
    }

    /// How the client behaves.
    pub fn client_settings(&self) -> ClientSettings {
        ClientSettings {
            answer_within: Duration::from_secs(self.timeout.into()),
            ..ClientSettings::default()
        }
    }

    /// Makes the credential; the first token is asked for by the first request.
    pub fn sign_in(&self, settings: &Settings) -> Result<SignedIn, CliError> {
        let usage = |text: String| CliError::Usage(text);
        let token = settings.environment.var(ARM_TOKEN);
        let (endpoint, credential) = match (&self.arm_endpoint, token) {
            (Some(endpoint), Some(token)) => (
                endpoint.clone(),
                StaticBearer::credential(&token, endpoint)
                    .map_err(|error| usage(error.to_string()))?,
            ),
            (Some(endpoint), None) => {
                return Err(usage(format!(
                    "--arm-endpoint {endpoint} needs a token for it in the environment variable {ARM_TOKEN}; your own sign-in is not sent to an endpoint that is not Azure's"
                )));
            }
            (None, Some(_)) => {
                return Err(usage(format!(
                    "{ARM_TOKEN} is set, but --arm-endpoint is not: say where the token may go, or unset the variable"
                )));
            }
            (None, None) => (
                self.cloud.arm_endpoint(),
                credential::credential(self.auth, self.cloud, settings)
                    .map_err(|error| usage(error.to_string()))?,
            ),
        };
        Ok(SignedIn {
            endpoint,
            scope: self.cloud.token_scope(),
            credential,
        })
    }
}

/// The environment of this process. Values that are no text count as not set.
pub fn process_environment() -> Environment {
    Environment::new(|name| std::env::var(name).ok())
}

fn auth_choices() -> impl TypedValueParser<Value = AuthChoice> {
    PossibleValuesParser::new(
        AuthChoice::ALL.map(|choice| PossibleValue::new(choice.word()).help(choice.needs())),
    )
    .try_map(|word| word.parse::<AuthChoice>())
}

fn clouds() -> impl TypedValueParser<Value = Cloud> {
    PossibleValuesParser::new(Cloud::ALL.map(|cloud| {
        PossibleValue::new(cloud.word())
            .alias(cloud.environment_name())
            .help(format!(
                "{} ({})",
                cloud.environment_name(),
                cloud.arm_endpoint()
            ))
    }))
    .try_map(|word| word.parse::<Cloud>())
}

/// Azure's own rule for names of resource groups: anything else would ask for another path.
fn group_name(text: &str) -> Result<String, &'static str> {
    const LONGEST: usize = 90;
    let text = not_blank(text)?;
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '(' | ')');
    if text.chars().all(is_name) && !text.ends_with('.') && text.chars().count() <= LONGEST {
        Ok(text)
    } else {
        Err(
            "a resource group's name has letters, digits and -_.() only, 90 at most, and does not end in a dot",
        )
    }
}

fn not_blank(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("it is empty; give a name"),
        text => Ok(text.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        access: AzureAccess,
    }

    fn parse(line: &str) -> Result<AzureAccess, String> {
        Line::try_parse_from(std::iter::once("x").chain(line.split_whitespace()))
            .map(|line| line.access)
            .map_err(|error| error.to_string())
    }

    fn sign_in<const N: usize>(
        line: &str,
        environment: [(&str, &str); N],
    ) -> Result<SignedIn, String> {
        let settings = Settings::new(Environment::of(environment));
        parse(line)?
            .sign_in(&settings)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_read_is_said_once() {
        let access =
            parse("--subscription a --subscription b -g x -g y --auth cli --cloud china").unwrap();
        assert_eq!(access.subscription, ["a", "b"]);
        assert_eq!(access.resource_group, ["x", "y"]);
        assert_eq!(
            (access.auth, access.cloud),
            (AuthChoice::AzureCli, Cloud::China)
        );
        assert!(access.is_asked());
        assert!(!parse("--verbose --auth cli").unwrap().is_asked());
        assert!(
            parse("--cloud AzureUSGovernment")
                .is_ok_and(|access| access.cloud == Cloud::UsGovernment)
        );
        for both in [
            "--all -g x",
            "--all --subscription a",
            "--all --management-group m",
            "--management-group m --subscription a",
            "--arm-endpoint https://arm.local --auth cli",
        ] {
            let said = parse(both).unwrap_err();
            assert!(said.contains("cannot be used with"), "{said}");
        }
        assert!(
            parse("--auth device")
                .unwrap_err()
                .contains("managed-identity")
        );
        assert!(
            parse("--subscription=")
                .unwrap_err()
                .contains("it is empty")
        );
        assert!(
            parse("--arm-endpoint http://arm.local")
                .unwrap_err()
                .contains("would send the token in clear")
        );
    }

    #[test]
    fn a_token_by_hand_and_an_endpoint_of_ones_own_need_each_other() {
        let token = ("AKSPLAN_ARM_TOKEN", "hunter2");
        let own = "--arm-endpoint http://127.0.0.1:8080";
        let signed_in = sign_in(own, [token]).unwrap();
        assert_eq!(signed_in.endpoint.to_string(), "http://127.0.0.1:8080");
        assert_eq!(
            signed_in.credential.describe(),
            "the token in AKSPLAN_ARM_TOKEN"
        );
        assert!(!format!("{signed_in:?}").contains("hunter2"));
        let said = sign_in(own, []).unwrap_err();
        assert!(
            said.contains("needs a token for it in the environment variable AKSPLAN_ARM_TOKEN"),
            "{said}"
        );
        let said = sign_in("", [token]).unwrap_err();
        assert!(
            said.contains("--arm-endpoint is not") && !said.contains("hunter2"),
            "{said}"
        );
        let said = sign_in(own, [("AKSPLAN_ARM_TOKEN", "Bearer hunter2")]).unwrap_err();
        assert!(
            said.contains("without `Bearer`") && !said.contains("hunter2"),
            "{said}"
        );
    }

    #[test]
    fn each_cloud_is_asked_at_its_own_endpoint() {
        for cloud in Cloud::ALL {
            let signed_in = sign_in(&format!("--cloud {cloud}"), []).unwrap();
            assert_eq!(signed_in.endpoint, cloud.arm_endpoint());
            assert_eq!(signed_in.scope, cloud.token_scope());
        }
        let said = sign_in("--auth environment", []).unwrap_err();
        assert!(said.contains("AZURE_CLIENT_SECRET"), "{said}");
    }

    #[test]
    fn the_help_names_every_way() {
        let help = <Line as clap::CommandFactory>::command()
            .render_long_help()
            .to_string();
        // Lines are wrapped.
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for choice in AuthChoice::ALL {
            assert!(
                help.contains(choice.word()) && help.contains(choice.needs()),
                "{help}"
            );
        }
        for cloud in Cloud::ALL {
            assert!(help.contains(cloud.word()), "{help}");
        }
    }
}
