//! The clouds that Azure runs as, and an endpoint of one's own. It never connects anywhere.

use azure_core::cloud::CloudConfiguration;
use azure_core::http::Url;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// One of the clouds of Azure. Identities, subscriptions and endpoints of one mean nothing to another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cloud {
    #[default]
    Public,
    UsGovernment,
    China,
}

/// What tokens for the API servers of clusters with Entra ID are asked for: one application serves every cloud.
pub const API_SERVER_SCOPE: &str = "6dae42f8-4368-4678-94ff-3960e28e3630/.default";

impl Cloud {
    pub const ALL: [Cloud; 3] = [Cloud::Public, Cloud::UsGovernment, Cloud::China];

    /// As `--cloud` has it.
    pub fn word(self) -> &'static str {
        match self {
            Cloud::Public => "public",
            Cloud::UsGovernment => "usgovernment",
            Cloud::China => "china",
        }
    }

    /// As `az cloud list` and `azureProfile.json` have it.
    pub fn environment_name(self) -> &'static str {
        match self {
            Cloud::Public => "AzureCloud",
            Cloud::UsGovernment => "AzureUSGovernment",
            Cloud::China => "AzureChinaCloud",
        }
    }

    /// Where Azure Resource Manager answers (`az cloud show --query endpoints.resourceManager`).
    pub fn arm_endpoint(self) -> Endpoint {
        Endpoint::parse(self.arm_url()).expect("the table holds https URLs")
    }

    fn arm_url(self) -> &'static str {
        match self {
            Cloud::Public => "https://management.azure.com",
            Cloud::UsGovernment => "https://management.usgovcloudapi.net",
            Cloud::China => "https://management.chinacloudapi.cn",
        }
    }

    /// What a token for Azure Resource Manager is asked for.
    pub fn token_scope(self) -> &'static str {
        match self {
            Cloud::Public => "https://management.azure.com/.default",
            Cloud::UsGovernment => "https://management.usgovcloudapi.net/.default",
            Cloud::China => "https://management.chinacloudapi.cn/.default",
        }
    }

    /// Where Microsoft Entra ID signs identities of this cloud in.
    pub fn authority_host(self) -> &'static str {
        match self {
            Cloud::Public => "login.microsoftonline.com",
            Cloud::UsGovernment => "login.microsoftonline.us",
            Cloud::China => "login.chinacloudapi.cn",
        }
    }

    /// What a federated token must be made out to before Entra ID takes it for a token of its own
    /// (learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust, read 2026-11-22).
    pub fn federation_audience(self) -> &'static str {
        match self {
            Cloud::Public => "api://AzureADTokenExchange",
            Cloud::UsGovernment => "api://AzureADTokenExchangeUSGov",
            Cloud::China => "api://AzureADTokenExchangeChina",
        }
    }

    /// The same for `azure_core`.
    pub fn configuration(self) -> CloudConfiguration {
        match self {
            Cloud::Public => CloudConfiguration::AzurePublic,
            Cloud::UsGovernment => CloudConfiguration::AzureGovernment,
            Cloud::China => CloudConfiguration::AzureChina,
        }
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// No cloud of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no cloud; known: public, usgovernment, china")]
pub struct UnknownCloud(String);

impl FromStr for Cloud {
    type Err = UnknownCloud;

    /// The word of `--cloud`, or the Azure CLI's name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Cloud::ALL
            .into_iter()
            .find(|cloud| {
                text.eq_ignore_ascii_case(cloud.word())
                    || text.eq_ignore_ascii_case(cloud.environment_name())
            })
            .ok_or_else(|| UnknownCloud(text.to_string()))
    }
}

/// Where Azure Resource Manager is asked: scheme, host and port, nothing else. `https`, or `http` on this very machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
    is_loopback: bool,
}

/// A text that is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("this is no URL ({0}); expected something like https://management.azure.com")]
    NotAUrl(String),
    #[error("`{scheme}` is not possible; only https (and http to localhost, 127.0.0.0/8 or [::1])")]
    Scheme { scheme: String },
    #[error(
        "http to `{host}` would send the token in clear; use https (http only to localhost, 127.0.0.0/8 or [::1])"
    )]
    Clear { host: String },
    /// The text is not quoted: it may hold a password.
    #[error("the URL holds {what}, which an endpoint has not; give scheme, host and port alone")]
    TooMuch { what: &'static str },
}

impl Endpoint {
    /// Reads `https://host[:port]`, or `http://` to this machine.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let url =
            Url::parse(text.trim()).map_err(|error| EndpointError::NotAUrl(error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(EndpointError::Scheme {
                scheme: url.scheme().to_string(),
            });
        }
        let too_much = if !url.username().is_empty() || url.password().is_some() {
            Some("a user name or password")
        } else if url.query().is_some() {
            Some("a query (`?`)")
        } else if url.fragment().is_some() {
            Some("a fragment (`#`)")
        } else if url.path() != "/" {
            Some("a path")
        } else {
            None
        };
        if let Some(what) = too_much {
            return Err(EndpointError::TooMuch { what });
        }
        let is_loopback = is_loopback(&url);
        if url.scheme() == "http" && !is_loopback {
            return Err(EndpointError::Clear {
                host: url.host_str().unwrap_or_default().to_string(),
            });
        }
        Ok(Endpoint { url, is_loopback })
    }

    /// Ends with `/`.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Name or address, as in URLs: IPv6 in brackets.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// It is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Whether a URL leads to this endpoint and nowhere else: same scheme, host and port, no user in it. A `nextLink` is
    /// followed, and a token sent, only then.
    pub fn admits(&self, url: &Url) -> bool {
        url.scheme() == self.url.scheme()
            && url.host_str() == self.url.host_str()
            && url.port_or_known_default() == self.url.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Endpoint::parse(text)
    }
}

/// `localhost`, 127.0.0.0/8 or ::1. A name that merely resolves to one of them does not count: the answer may change.
fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    host.eq_ignore_ascii_case("localhost")
        || host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cloud_is_known_by_its_word_and_by_the_name_the_azure_cli_uses() {
        for cloud in Cloud::ALL {
            assert_eq!(cloud.word().parse::<Cloud>(), Ok(cloud));
            assert_eq!(cloud.environment_name().parse::<Cloud>(), Ok(cloud));
            assert_eq!(
                cloud.token_scope(),
                format!("{}/.default", cloud.arm_endpoint()),
                "the token is for the endpoint it is sent to"
            );
        }
        assert_eq!(
            "germany".parse::<Cloud>().unwrap_err().to_string(),
            "`germany` is no cloud; known: public, usgovernment, china"
        );
    }

    #[test]
    fn an_endpoint_is_https_or_on_this_machine() {
        for good in [
            "https://management.azure.com",
            "https://management.azure.com/",
            "https://arm.local:8443",
            "http://127.0.0.1:8080",
            "http://127.8.9.10",
            "http://[::1]:9",
            "http://localhost:1",
            "HTTP://LOCALHOST:1",
        ] {
            assert!(Endpoint::parse(good).is_ok(), "{good}");
        }
        let refused = |text: &str| Endpoint::parse(text).unwrap_err().to_string();
        assert_eq!(
            refused("http://management.azure.com"),
            "http to `management.azure.com` would send the token in clear; use https (http only to localhost, 127.0.0.0/8 or [::1])"
        );
        for clear in [
            "http://128.0.0.1",
            "http://[::2]",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://0.0.0.0",
        ] {
            assert!(refused(clear).contains("in clear"), "{clear}");
        }
        assert!(refused("ftp://127.0.0.1").starts_with("`ftp` is not possible"));
        assert!(refused("management.azure.com").starts_with("this is no URL"));
        for (text, what) in [
            ("https://user:hunter2@arm.local", "user name or password"),
            ("https://arm.local/?token=hunter2", "query"),
            ("https://arm.local/#hunter2", "fragment"),
            ("https://arm.local/hunter2", "path"),
        ] {
            let said = refused(text);
            assert!(said.contains(what), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn only_the_very_same_endpoint_is_admitted() {
        let endpoint = Endpoint::parse("https://management.azure.com").unwrap();
        let admits = |text: &str| endpoint.admits(&Url::parse(text).unwrap());
        assert!(admits(
            "https://management.azure.com/subscriptions?api-version=1"
        ));
        assert!(admits("https://MANAGEMENT.azure.com:443/x"));
        for other in [
            "http://management.azure.com/x",
            "https://management.azure.com:8443/x",
            "https://management.azure.com.evil.example/x",
            "https://evil.example/management.azure.com",
            "https://someone@management.azure.com/x",
            "https://management.usgovcloudapi.net/x",
        ] {
            assert!(!admits(other), "{other}");
        }
    }
}
