//! Azure Resource Graph: the resources of every subscription in a few pages. It holds no counters of addresses in use, and may
//! lag behind Azure Resource Manager by minutes. Never asks faster than its quota allows.

use super::client::{ArmClient, Listed, header, parse};
use super::error::{ArmError, Failure};
use azure_core::http::headers::Headers;
use azure_core::http::{Method, Request};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::time::Duration;

const PATH: &str = "/providers/Microsoft.ResourceGraph/resources";
const API_VERSION: &str = "2022-10-01";
/// Rows a page, the most there can be.
const ROWS: u32 = 1000;

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breadth {
    /// Every subscription the caller can read.
    Everything,
    /// By id, with everything below.
    ManagementGroups(Vec<String>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Query<'a> {
    query: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    management_groups: Option<&'a [String]>,
    options: Options<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Options<'a> {
    result_format: &'static str,
    #[serde(rename = "$top")]
    top: u32,
    #[serde(rename = "$skipToken", skip_serializing_if = "Option::is_none")]
    skip_token: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    /// An answer without it is no empty page: it is none of Resource Graph's.
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    total_records: Option<u64>,
    #[serde(rename = "$skipToken")]
    skip_token: Option<String>,
}

/// What Resource Graph gave.
#[derive(Debug, Default)]
pub struct Found {
    pub listed: Listed,
    /// What it says it left out, in sentences.
    pub left_out: Vec<String>,
}

/// All resources of the given types (`microsoft.network/virtualnetworks`), in order of id. What was read before a failure is
/// kept.
pub async fn resources(client: &ArmClient, breadth: &Breadth, types: &[&str]) -> Found {
    let types: Vec<String> = types.iter().map(|kind| format!("'{kind}'")).collect();
    // Without an order of its own, rows may be repeated or left out between pages.
    let query = format!(
        "resources | where type in~ ({}) | project id, name, type, location, resourceGroup, subscriptionId, identity, sku, \
         properties | order by id asc",
        types.join(", ")
    );
    let mut found = Found::default();
    let mut total = None;
    let mut skip_token: Option<String> = None;
    loop {
        let management_groups = match breadth {
            Breadth::Everything => None,
            Breadth::ManagementGroups(ids) => Some(ids.as_slice()),
        };
        let asked = Query {
            query: &query,
            management_groups,
            options: Options {
                result_format: "objectArray",
                top: ROWS,
                skip_token: skip_token.as_deref(),
            },
        };
        match page(client, &asked, &mut found).await {
            Ok(page) => {
                total = page.total.or(total);
                match page.skip_token {
                    None => break,
                    // The same page for ever is no progress.
                    same if same == skip_token || page.rows == 0 => {
                        found.listed.failure = Some(unreadable("its $skipToken leads nowhere"));
                        return found;
                    }
                    next => skip_token = next,
                }
                tokio::time::sleep(page.pause).await;
            }
            Err(error) => {
                found.listed.failure = Some(error);
                return found;
            }
        }
    }
    let rows = found.listed.items.len() as u64;
    if let Some(total) = total.filter(|total| *total > rows) {
        found.left_out.push(format!(
            "Resource Graph gave {rows} of {total} resources and no way to the rest: what is missing was not checked"
        ));
    }
    found
}

struct Page {
    rows: usize,
    total: Option<u64>,
    skip_token: Option<String>,
    /// How long the quota asks to wait.
    pause: Duration,
}

async fn page(client: &ArmClient, query: &Query<'_>, found: &mut Found) -> Result<Page, ArmError> {
    let mut request = Request::new(client.url(PATH, API_VERSION), Method::Post);
    request
        .set_json(query)
        .map_err(|error| unreadable(&error.to_string()))?;
    request.insert_header("content-type", "application/json");
    let response = client.send(request).await?;
    let answer: Answer<'_> = parse(&format!("POST {PATH}"), &response)?;
    let headers = response.headers();
    if header(headers, "x-ms-tenant-subscription-limit-hit")
        .is_some_and(|hit| hit.eq_ignore_ascii_case("true"))
    {
        let sentence = "there are more subscriptions than Resource Graph looks into at once: name them with --subscription, or a \
                        --management-group";
        if !found.left_out.iter().any(|said| said == sentence) {
            found.left_out.push(sentence.to_string());
        }
    }
    found
        .listed
        .items
        .extend(answer.data.iter().map(|row| Box::from(row.get())));
    Ok(Page {
        rows: answer.data.len(),
        total: answer.total_records,
        pause: pause(headers),
        skip_token: answer.skip_token.filter(|token| !token.is_empty()),
    })
}

/// With no query left in the caller's quota, the time until it is refilled (`hh:mm:ss`).
fn pause(headers: &Headers) -> Duration {
    /// Quotas refill every five seconds; a longer wait than this is not one of them.
    const LONGEST: u64 = 60;
    let left =
        header(headers, "x-ms-user-quota-remaining").and_then(|left| left.parse::<u64>().ok());
    if left != Some(0) {
        return Duration::ZERO;
    }
    let refill = header(headers, "x-ms-user-quota-resets-after").and_then(|text| {
        text.split(':')
            .map(|part| part.parse::<u64>().ok())
            .try_fold(0u64, |seconds, part| {
                Some(seconds.saturating_mul(60).saturating_add(part?))
            })
    });
    Duration::from_secs(refill.unwrap_or(5).min(LONGEST))
}

fn unreadable(why: &str) -> ArmError {
    ArmError {
        request: format!("POST {PATH}"),
        failure: Failure::Unreadable(why.to_string()),
        correlation_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_says_how_long_to_wait() {
        let waits = |left: &str, refill: &str| {
            let mut headers = Headers::new();
            headers.insert("x-ms-user-quota-remaining", left.to_string());
            headers.insert("x-ms-user-quota-resets-after", refill.to_string());
            pause(&headers).as_secs()
        };
        assert_eq!(waits("14", "00:00:05"), 0);
        assert_eq!(waits("0", "00:00:05"), 5);
        assert_eq!(waits("0", "00:01:00"), 60);
        assert_eq!(waits("0", "99:00:00"), 60);
        assert_eq!(waits("0", "soon"), 5);
        assert_eq!(waits("0", "18446744073709551615:59:59"), 60);
        assert_eq!(waits("0", "1:1:1:1:1:1:1:1:1:1:1:1:1"), 60);
        assert_eq!(pause(&Headers::new()), Duration::ZERO);
    }
}
