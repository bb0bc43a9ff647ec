//! Private DNS zones and their `A` records. Reads no other kind of record: only addresses can be pods'.

use super::client::{ArmClient, Listed};
use crate::model::ResourceId;

/// GA, and in every cloud.
const API_VERSION: &str = "2020-06-01";

const PROVIDER: &str = "providers/Microsoft.Network/privateDnsZones";

/// Reads private DNS zones.
#[derive(Debug, Clone)]
pub struct PrivateDns(ArmClient);

impl PrivateDns {
    pub fn new(client: &ArmClient) -> Self {
        PrivateDns(client.clone())
    }

    /// All zones of a subscription, or of one of its resource groups.
    pub async fn zones(&self, subscription: &str, group: Option<&str>) -> Listed {
        let path = match group {
            Some(group) => {
                format!("/subscriptions/{subscription}/resourceGroups/{group}/{PROVIDER}")
            }
            None => format!("/subscriptions/{subscription}/{PROVIDER}"),
        };
        self.0.list(&path, API_VERSION).await
    }

    /// The `A` record sets of a zone.
    pub async fn address_records(&self, zone: &ResourceId) -> Listed {
        self.0.list(&format!("{zone}/A"), API_VERSION).await
    }
}
