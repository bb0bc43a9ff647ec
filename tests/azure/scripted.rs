//! A loopback server that answers one request after another as a script says, on a connection each, headers and breakages included.
//! It remembers every request, and which token came with it.

use aksplan::source::azure::cloud::Endpoint;
use aksplan::source::azure::credential::{Bearer, Credential, CredentialError, TokenSource};
use aksplan::source::azure::{ArmClient, Settings};
use azure_core::credentials::{AccessToken, Secret};
use azure_core::http::Url;
use azure_core::time::{Duration as Span, OffsetDateTime};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to one request.
#[derive(Debug, Clone)]
pub enum Reply {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// The connection is closed before the request is read.
    ClosedBefore,
    /// It is read whole, and closed without an answer.
    ClosedAfter,
    /// The answer begins and breaks off.
    HalfBody,
    /// It is read whole, and nothing comes for longer than anybody waits.
    Silence,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Reply {
        Reply::text(status, &body.to_string()).with("content-type", "application/json")
    }

    pub fn text(status: u16, body: &str) -> Reply {
        Reply::Answer {
            status,
            headers: Vec::new(),
            body: body.to_string(),
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Reply {
        if let Reply::Answer { headers, .. } = &mut self {
            headers.push((name.to_string(), value.to_string()));
        }
        self
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// With its query.
    pub target: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Asked {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// What answers a request, by its number and what it is.
pub type Script = Box<dyn FnMut(usize, &Asked) -> Reply + Send>;

pub struct Scripted {
    pub endpoint: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Scripted {
    /// These replies in this order; whatever comes after is answered with 599.
    pub fn replies(replies: Vec<Reply>) -> Scripted {
        Scripted::start(move |_| {
            Box::new(move |number, _| {
                let beyond = Reply::text(599, "nobody asked for more");
                replies.get(number).cloned().unwrap_or(beyond)
            })
        })
    }

    /// `script` is told the server's own address.
    pub fn start(script: impl FnOnce(&str) -> Script) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let mut script = script(&endpoint);
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            // Ends with the test's process.
            for stream in listener.incoming().flatten() {
                serve(stream, &log, &mut script);
            }
        });
        Scripted { endpoint, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic in it").clone()
    }

    /// The real client with the real bearer; its tokens are `token-1`, `token-2`, … each time one is fetched, up to `tokens`.
    pub fn client(&self, tokens: u32) -> ArmClient {
        client_of(&self.endpoint, tokens)
    }
}

pub fn client_of(endpoint: &str, tokens: u32) -> ArmClient {
    client_within(endpoint, tokens, Duration::from_millis(700))
}

/// As [`client_of`], where every answer is waited for so long.
pub fn client_within(endpoint: &str, tokens: u32, answer: Duration) -> ArmClient {
    let source = Arc::new(Tokens {
        given: AtomicU32::new(0),
        most: tokens,
    });
    let admitted = Endpoint::parse(endpoint).expect("an endpoint on this machine");
    let bearer = Bearer::new(Credential::new(source), admitted, "scope");
    let settings = Settings {
        answer_within: answer,
        patience: Duration::from_secs(5),
        transport: Some(aksplan::source::azure::direct_transport()),
        ..Settings::default()
    };
    ArmClient::new(Url::parse(endpoint).expect("an address"), bearer, settings)
}

#[derive(Debug)]
struct Tokens {
    given: AtomicU32,
    most: u32,
}

#[async_trait::async_trait]
impl TokenSource for Tokens {
    async fn fetch(&self, _: &str) -> Result<AccessToken, CredentialError> {
        let number = (self.given.fetch_add(1, Ordering::Relaxed) + 1).min(self.most);
        if number == 0 {
            return Err(CredentialError::StaticToken {
                problem: "is empty",
            });
        }
        let expires = OffsetDateTime::now_utc() + Span::hours(1);
        Ok(AccessToken::new(
            Secret::new(format!("token-{number}")),
            expires,
        ))
    }

    fn describe(&self) -> String {
        "a test".to_string()
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<Asked>>, script: &mut Script) {
    let number = log.lock().expect("no panic in it").len();
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let mut words = line.split_whitespace().map(str::to_string);
    let mut asked = Asked {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        headers: BTreeMap::new(),
        body: String::new(),
    };
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.trim().split_once(':') {
            asked
                .headers
                .insert(name.to_ascii_lowercase(), value.trim().to_string());
        }
    }
    let reply = script(number, &asked);
    if let Reply::ClosedBefore = reply {
        log.lock().expect("no panic in it").push(asked);
        let _ = stream.shutdown(Shutdown::Both);
        return;
    }
    let length = asked.headers.get("content-length");
    let length = length.and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    asked.body = String::from_utf8_lossy(&body).into_owned();
    log.lock().expect("no panic in it").push(asked);
    match reply {
        Reply::Answer {
            status,
            headers,
            body,
        } => {
            let headers: String = headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}\r\n"))
                .collect();
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
        Reply::HalfBody => {
            let _ = write!(
                stream,
                "HTTP/1.1 201 X\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{{\"id\":"
            );
        }
        Reply::Silence => std::thread::sleep(Duration::from_secs(3)),
        Reply::ClosedBefore | Reply::ClosedAfter => {}
    }
    let _ = stream.flush();
    let _ = stream.shutdown(Shutdown::Both);
}
