//! An Azure in memory: answers by path, and no socket.

use aksplan::source::azure::{ArmClient, Settings};
use azure_core::http::headers::Headers;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{
    AsyncRawResponse, Context, HttpClient, Request, StatusCode, Transport, Url,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

pub const HOST: &str = "https://management.azure.com";

/// Answers by path, each once, in order.
#[derive(Debug, Default)]
pub struct Azure {
    answers: Mutex<BTreeMap<String, VecDeque<Answer>>>,
    /// Method and address of each request.
    asked: Mutex<Vec<String>>,
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn new(status: u16, body: &str) -> Self {
        Answer {
            status,
            headers: Vec::new(),
            body: body.to_string(),
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_string(), value.to_string()));
        self
    }

    pub fn response(&self) -> AsyncRawResponse {
        let mut headers = Headers::new();
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        AsyncRawResponse::from_bytes(
            StatusCode::from(self.status),
            headers,
            self.body.clone().into_bytes(),
        )
    }
}

#[async_trait::async_trait]
impl HttpClient for Azure {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let asked = format!("{} {}", request.method(), request.url());
        self.asked.lock().expect("nobody panics here").push(asked);
        let path = request.url().path().to_ascii_lowercase();
        let mut answers = self.answers.lock().expect("nobody panics here");
        let next = answers.get_mut(&path).and_then(VecDeque::pop_front);
        let none = || Answer::new(404, r#"{"error": {"code": "NoMoreAnswers"}}"#);
        Ok(next.unwrap_or_else(none).response())
    }
}

/// No token is needed.
#[derive(Debug)]
struct Anybody;

#[async_trait::async_trait]
impl Policy for Anybody {
    async fn send(
        &self,
        context: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        next[0].send(context, request, &next[1..]).await
    }
}

impl Azure {
    pub fn new(answers: impl IntoIterator<Item = (String, Vec<Answer>)>) -> Arc<Self> {
        let answers = answers.into_iter();
        let answers = answers.map(|(path, list)| (path.to_ascii_lowercase(), VecDeque::from(list)));
        Arc::new(Azure {
            answers: Mutex::new(answers.collect()),
            asked: Mutex::default(),
        })
    }

    pub fn client(self: &Arc<Self>) -> ArmClient {
        let transport: Arc<dyn HttpClient> = self.clone();
        let settings = Settings {
            transport: Some(Transport::new(transport)),
            ..Settings::default()
        };
        let endpoint = Url::parse(HOST).expect("an address");
        ArmClient::new(endpoint, Arc::new(Anybody), settings)
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panics here").clone()
    }
}
