//! A client of the stand-in that knows nothing but HTTP. Repeats nothing.

use super::aks::{Aks, TOKEN};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }
}

/// `None`: the connection went.
pub fn ask(
    aks: &Aks,
    method: &str,
    path: &str,
    if_match: Option<&str>,
    body: Option<&Value>,
) -> Option<Answer> {
    let url = if path.starts_with("http") {
        path.to_string()
    } else {
        format!("{}{path}?api-version=2026-03-01", aks.endpoint())
    };
    aks.block_on(async {
        let method = method.parse().expect("a method");
        let mut request = reqwest::Client::new()
            .request(method, url)
            .header("authorization", format!("Bearer {TOKEN}"));
        if let Some(tag) = if_match {
            request = request.header("if-match", tag);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| {
                (
                    name.to_string(),
                    value.to_str().unwrap_or_default().to_string(),
                )
            })
            .collect();
        let body = response.bytes().await.ok()?;
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Some(Answer {
            status,
            headers,
            body,
        })
    })
}

pub fn read(aks: &Aks, path: &str) -> Value {
    let answer = ask(aks, "GET", path, None, None).expect("an answer");
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.body
}

/// GET, change, PUT with what was read.
pub fn put(aks: &Aks, id: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let mut body = read(aks, id);
    let tag = match &body["eTag"] {
        Value::String(tag) => tag.clone(),
        _ => body["properties"]["eTag"]
            .as_str()
            .expect("a pool's eTag")
            .to_string(),
    };
    change(&mut body);
    ask(aks, "PUT", id, Some(&tag), Some(&body)).expect("an answer")
}

/// Polls until it is over; every status on the way, and the last body.
pub fn poll(aks: &Aks, begun: &Answer) -> (Vec<String>, Value) {
    let address = &begun.headers["azure-asyncoperation"];
    let mut statuses: Vec<String> = Vec::new();
    let start = Instant::now();
    loop {
        let told = read(aks, address);
        let status = told["status"].as_str().unwrap_or_default().to_string();
        if statuses.last() != Some(&status) {
            statuses.push(status.clone());
        }
        if ["Succeeded", "Failed", "Canceled"].contains(&status.as_str()) {
            return (statuses, told);
        }
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "never over: {statuses:?}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What the move changes.
pub fn to_overlay(body: &mut Value) {
    let network = &mut body["properties"]["networkProfile"];
    network["networkPlugin"] = "azure".into();
    network["networkPluginMode"] = "overlay".into();
    network["podCidr"] = "100.64.0.0/16".into();
    network["podCidrs"] = serde_json::json!(["100.64.0.0/16"]);
}
