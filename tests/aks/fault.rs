//! What goes wrong on the way to the stand-in and back: a list of rules by request. Never looks at what the cluster does.

use std::time::Duration;

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// This status with the words that belong to it, and nothing is done. Seconds of `Retry-After`, where some are said.
    Status(u16, Option<u64>),
    /// The connection is reset, and nothing is done.
    LostBefore,
    /// What was asked is done; the connection is reset in place of the answer.
    LostAfter,
    /// The answer takes so much longer. What was asked is done at once.
    Slow(Duration),
    /// 400 with this code and message, and nothing is done.
    Refused(&'static str, &'static str),
    /// In this very moment somebody else writes to the first pool: an operation that takes so long. Then it is answered as ever.
    Meanwhile(Duration),
    /// 401, and from now on for everybody with this token.
    Expired,
}

/// The requests of a method whose path, in lower case, ends as said: so many pass, then so many meet the fault.
#[derive(Debug, Clone)]
pub struct Rule {
    pub method: &'static str,
    pub end: String,
    pub passing: u32,
    pub times: u32,
    pub fault: Fault,
}

impl Rule {
    /// The `nth` request, from 1, of the method on paths that end like this.
    pub fn nth(method: &'static str, end: &str, nth: u32, fault: Fault) -> Rule {
        Rule {
            method,
            end: end.to_ascii_lowercase(),
            passing: nth - 1,
            times: 1,
            fault,
        }
    }

    /// So many in a row.
    pub fn times(self, times: u32) -> Rule {
        Rule { times, ..self }
    }

    fn is_of(&self, method: &str, path: &str) -> bool {
        // An operation's id is made up: the folder it is in says which request it is.
        let polls = self.end == "/operations/" && path.contains("/operations/");
        self.method == method && (polls || path.ends_with(&self.end))
    }
}

/// The fault that a request meets; every rule of its kind has then seen one more.
pub fn met(rules: &mut [Rule], method: &str, path: &str) -> Option<Fault> {
    let mut found = None;
    for rule in rules.iter_mut().filter(|rule| rule.is_of(method, path)) {
        if rule.passing > 0 {
            rule.passing -= 1;
        } else if rule.times > 0 && found.is_none() {
            rule.times -= 1;
            found = Some(rule.fault.clone());
        }
    }
    found
}

/// The code and the message of an error that nothing in the cluster caused.
pub fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        409 => (
            "OperationNotAllowed",
            "Operation is not allowed: Another operation (PutAgentPoolHandler.PUT) is in progress, please wait for it to finish \
             before starting a new operation. See https://aka.ms/aks-pending-operation for more details",
        ),
        412 => (
            "PreConditionFailed",
            "The etag provided in the if-match header does not match the current etag of the resource.",
        ),
        429 => (
            "Throttled",
            "The PutManagedClusterHandler.PUT request limit has been exceeded, please retry again later.",
        ),
        500 => (
            "InternalServerError",
            "Encountered an internal server error.",
        ),
        502 => (
            "BadGatewayConnection",
            "The network connectivity issue encountered.",
        ),
        503 => ("ServiceUnavailable", "The service is unavailable."),
        _ => ("Failed", "The request failed."),
    }
}
