//! Why Azure did not answer, in one line a person can act on. Never holds a token.

use std::fmt;
use std::time::Duration;

/// A request that did not bring what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArmError {
    /// Method and path: `GET /subscriptions/…/virtualNetworks`.
    pub request: String,
    pub failure: Failure,
    /// `x-ms-correlation-request-id`, which Azure's support asks for.
    pub correlation_id: Option<String>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Azure answered with an error.
    Answer {
        /// HTTP status.
        status: u16,
        /// ARM's code, such as `AuthorizationFailed`.
        code: Option<String>,
        message: Option<String>,
    },
    /// Azure asks to wait longer than the reader is willing to.
    Throttled { wait: Duration },
    /// No answer, or half of one, and no time left to ask again.
    Unreachable(String),
    /// No token could be had.
    Credential(String),
    /// An answer that is not what it should be.
    Unreadable(String),
    /// Nothing was sent: the request is not in the table of reads, or would take the token to another host.
    NotSent(String),
}

impl ArmError {
    /// Why, without what was asked.
    pub fn why(&self) -> String {
        match &self.correlation_id {
            Some(id) => format!("{} (correlation id {id})", self.failure),
            None => self.failure.to_string(),
        }
    }

    /// Whether the caller is not allowed to read it, which says nothing about what is there.
    pub fn is_forbidden(&self) -> bool {
        matches!(
            self.failure,
            Failure::Answer {
                status: 401 | 403,
                ..
            }
        )
    }

    /// Whether it is not there (any more).
    pub fn is_not_found(&self) -> bool {
        matches!(self.failure, Failure::Answer { status: 404, .. })
    }

    /// Whether every other request would fail for the same reason. A 401 is none of these: a VNet of another tenant gets one while
    /// all others are answered.
    pub fn is_hopeless(&self) -> bool {
        matches!(self.failure, Failure::Credential(_))
    }
}

/// Azure's texts may run over pages, and quote what was sent.
const LONGEST: usize = 400;

fn shortened(text: &str) -> String {
    safe_line(text, LONGEST)
}

/// A text of Azure as one line for a terminal: at most so many characters, no control characters, no token, no signature.
pub(super) fn safe_line(text: &str, longest: usize) -> String {
    // An answer may quote the request it refuses. A token has three parts, and begins with the JSON of its first.
    let hidden = |word: &str| {
        let token = word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        if token.starts_with("eyJ") && token.len() > 20 {
            return "***".to_string();
        }
        // The query of an address that leads to an operation is signed.
        match word.split_once('?') {
            Some((address, query)) if address.contains("://") => {
                let version = query
                    .split('&')
                    .find(|pair| pair.to_ascii_lowercase().starts_with("api-version="));
                match version {
                    Some(version) => format!("{address}?{version}"),
                    None => address.to_string(),
                }
            }
            _ => word.to_string(),
        }
    };
    let visible = |c: char| {
        let reorders = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || reorders {
            '\u{FFFD}'
        } else {
            c
        }
    };
    let words: Vec<String> = text.split_whitespace().map(hidden).collect();
    let line: String = words.join(" ").chars().map(visible).collect();
    match line.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

impl fmt::Display for ArmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            // Nothing was asked yet: the request says nothing.
            Failure::Credential(_) => write!(f, "{}", self.failure),
            _ => write!(f, "{}: {}", self.request, self.why()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Answer {
                status,
                code,
                message,
            } => {
                write!(f, "{status}")?;
                if let Some(code) = code {
                    write!(f, " {}", shortened(code))?;
                }
                match message {
                    Some(message) => write!(f, ": {}", shortened(message).trim_end_matches('.')),
                    None => Ok(()),
                }
            }
            Failure::Throttled { wait } => write!(
                f,
                "throttled: Azure asks to wait {} s, longer than aksplan does; run it again then",
                wait.as_secs()
            ),
            Failure::Unreachable(why) => write!(f, "no answer: {}", shortened(why)),
            // Several lines on purpose: one for each credential that was tried.
            Failure::Credential(why) => write!(f, "no access token: {why}"),
            Failure::Unreadable(why) => {
                write!(f, "an answer that cannot be read: {}", shortened(why))
            }
            Failure::NotSent(why) => write!(f, "not sent: {}", shortened(why)),
        }
    }
}

impl std::error::Error for ArmError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_an_answer_quotes_is_hidden() {
        let error = ArmError {
            request: "GET /x".to_string(),
            failure: Failure::Answer {
                status: 401,
                code: Some("InvalidToken".to_string()),
                message: Some(
                    "the token 'eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiIxIn0.c2ln' is\nexpired".to_string(),
                ),
            },
            correlation_id: Some("c-1".to_string()),
        };
        assert_eq!(
            error.to_string(),
            "GET /x: 401 InvalidToken: the token *** is expired (correlation id c-1)"
        );
    }
}
