//! What becomes of a text: a name becomes a token, a word that Azure or Kubernetes made stays. Never keeps a text because it looks
//! harmless: only what is on a list of `words`, or is a quantity, a time or a prefix by its form.

use super::words::{
    KEYS, KEYS_WITH_VALUES, NAMES, PROVIDERS, RESOURCE_TYPES, WORDS, is_one_of, is_platforms,
};
use crate::model::{Inventory, KubernetesVersion, ResourceId};
use crate::source::kubernetes;
use hmac::Mac as _;
use std::collections::HashMap;
use std::fmt::Write;

pub(super) type Mac = hmac::Hmac<sha2::Sha256>;

pub(super) fn mac(key: &[u8]) -> Mac {
    Mac::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// Tokens hold 48 bits: of a thousand estates of 200,000 names each, in seven two names become the same.
const TOKEN_BYTES: usize = 6;

pub(super) struct Names {
    mac: Mac,
    tokens: HashMap<String, String>,
    /// What a name is the name of, for the reader's sake: by the name alone, so that it is told the same everywhere.
    kinds: HashMap<String, &'static str>,
    subscriptions: HashMap<String, usize>,
}

impl Names {
    pub fn new(key: &[u8], inventory: &Inventory) -> Self {
        let mut kinds: HashMap<String, &'static str> = HashMap::new();
        let mut is = |name: &str, kind| {
            kinds.entry(name.to_ascii_lowercase()).or_insert(kind);
        };
        for vnet in &inventory.vnets {
            is(&vnet.name, "vnet");
        }
        for subnet in &inventory.subnets {
            is(&subnet.name, "subnet");
        }
        for cluster in &inventory.clusters {
            is(&cluster.name, "cluster");
        }
        let of_clusters = inventory
            .clusters
            .iter()
            .flat_map(|cluster| [&cluster.resource_group, &cluster.node_resource_group]);
        let of_vnets = inventory.vnets.iter().map(|vnet| &vnet.resource_group);
        for group in of_clusters.chain(of_vnets).flatten() {
            is(group, "rg");
        }
        for cluster in &inventory.clusters {
            for pool in &cluster.pools {
                is(&pool.name, "pool");
            }
            for node in cluster.kubernetes.iter().flat_map(|state| &state.nodes) {
                is(&node.name, "node");
            }
        }
        Names {
            mac: mac(key),
            tokens: HashMap::new(),
            kinds,
            subscriptions: HashMap::new(),
        }
    }

    /// Tells two keys apart, and nothing else of them.
    pub fn of_key(&self) -> String {
        self.hash("key/", "")
    }

    fn hash(&self, domain: &str, text: &str) -> String {
        let mut mac = self.mac.clone();
        mac.update(domain.as_bytes());
        mac.update(text.as_bytes());
        let bytes = mac.finalize().into_bytes();
        let mut hash = String::with_capacity(2 * TOKEN_BYTES);
        for byte in &bytes[..TOKEN_BYTES] {
            write!(hash, "{byte:02x}").expect("a string takes everything");
        }
        hash
    }

    /// A name: its token, the same for the same name wherever it stands, without regard to case, as Azure compares names.
    pub fn name(&mut self, name: &str) -> String {
        if name.is_empty() || is_one_of(name, NAMES) {
            return name.to_string();
        }
        if let Some(token) = self.tokens.get(name) {
            return token.clone();
        }
        let token = match name.strip_prefix("aks-vnet of ") {
            // The managed VNet that is assumed for a cluster.
            Some(cluster) => format!("aks-vnet of {}", self.path(cluster)),
            None => {
                let lower = name.to_ascii_lowercase();
                let kind = self.kinds.get(&lower).copied().unwrap_or("name");
                format!("{kind}-{}", self.hash("name/", &lower))
            }
        };
        self.tokens.insert(name.to_string(), token.clone());
        token
    }

    pub fn maybe(&mut self, name: Option<String>) -> Option<String> {
        name.map(|name| self.name(&name))
    }

    /// One of a few words, or a name where it is none of them.
    pub fn known(&mut self, word: &str) -> String {
        if is_one_of(word, WORDS) || kubernetes::is_kind(word) {
            word.to_string()
        } else {
            self.name(word)
        }
    }

    /// Why an event was: its reason, or a name where it is none that is read.
    pub fn reason(&mut self, reason: &str) -> String {
        if kubernetes::is_reason(reason) {
            reason.to_string()
        } else {
            self.name(reason)
        }
    }

    pub fn word(&mut self, word: Option<String>) -> Option<String> {
        word.map(|word| self.known(&word))
    }

    /// A word of Azure's by its beginning: `Standard_D8s_v5`.
    pub fn beginning(&mut self, word: &str, beginnings: &[&str]) -> String {
        let begins = |beginning: &&str| {
            word.get(..beginning.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(beginning))
        };
        if beginnings.iter().any(begins) {
            word.to_string()
        } else {
            self.name(word)
        }
    }

    /// `v1.33.2`, without what somebody hung onto it; anything else that stands there is a name.
    pub fn version(&mut self, text: Option<String>) -> Option<String> {
        text.map(|text| match KubernetesVersion::from_word(&text) {
            Some(version) => format!("v{version}"),
            None => self.name(&text),
        })
    }

    pub fn key(&mut self, key: &str) -> String {
        let stays = [KEYS, KEYS_WITH_VALUES, WORDS]
            .iter()
            .any(|list| is_one_of(key, list));
        if stays {
            key.to_string()
        } else {
            self.name(key)
        }
    }

    /// The value of a label or taint.
    pub fn value(&mut self, key: &str, value: &str) -> String {
        // Anybody may write a platform's key on a pod: its value stays only where it has the platform's form.
        if is_one_of(key, KEYS_WITH_VALUES) && is_platforms(value) {
            value.to_string()
        } else if key.ends_with("-subscription") {
            self.subscription(value)
        } else {
            self.name(value)
        }
    }

    pub fn id(&mut self, id: Option<ResourceId>) -> Option<ResourceId> {
        id.map(|id| self.resource(&id))
    }

    pub fn resource(&mut self, id: &ResourceId) -> ResourceId {
        ResourceId::new(self.path(id.as_str()))
    }

    /// A path of names: `/subscriptions/…/resourceGroups/…`, where every second part is a type; `vnet/subnet`.
    pub fn path(&mut self, path: &str) -> String {
        let (scheme, path) = match path.strip_prefix("azure://") {
            Some(path) => ("azure://", path),
            None => ("", path),
        };
        let Some(parts) = path.strip_prefix('/') else {
            let names: Vec<String> = path.split('/').map(|name| self.name(name)).collect();
            return format!("{scheme}{}", names.join("/"));
        };
        let mut kind = "";
        let mut out = scheme.to_string();
        for (position, part) in parts.split('/').enumerate() {
            out.push('/');
            let part = if position.is_multiple_of(2) {
                kind = part;
                if is_one_of(part, RESOURCE_TYPES) {
                    part.to_string()
                } else {
                    self.name(part)
                }
            } else if kind.eq_ignore_ascii_case("subscriptions") {
                self.subscription(part)
            } else if kind.eq_ignore_ascii_case("providers") {
                self.beginning(part, PROVIDERS)
            } else {
                self.name(part)
            };
            out.push_str(&part);
        }
        out
    }

    /// Subscriptions are numbered as they come.
    fn subscription(&mut self, id: &str) -> String {
        let next = self.subscriptions.len() + 1;
        let number = self
            .subscriptions
            .entry(id.to_ascii_lowercase())
            .or_insert(next);
        format!("00000000-0000-0000-0000-{number:012}")
    }
}
