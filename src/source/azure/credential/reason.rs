//! Why something did not work, in one line that can be shown. It never lets a token or a secret through, and no stack trace.

use azure_core::error::ErrorKind;
use std::error::Error;

/// Longer lines are cut: the start says what is wrong.
const LONGEST: usize = 300;
const HIDDEN: &str = "***";

/// One line about an error of `azure_identity`. `secrets` are those that took part; they are hidden wherever they turn up.
pub fn of(error: &azure_core::Error, secrets: &[String]) -> String {
    let text = error.to_string();
    if text.contains("expires_on field not found") {
        return "the Azure CLI is older than 2.54.0; run `az upgrade`".to_string();
    }
    // What could not be parsed may be the token itself: its text is not shown.
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    let mut deepest = String::new();
    while let Some(cause) = source {
        let is_unreadable = cause.is::<serde_json::Error>()
            || cause
                .downcast_ref::<azure_core::Error>()
                .is_some_and(|error| matches!(error.kind(), ErrorKind::DataConversion));
        if is_unreadable {
            if let Some(said) = entra_description(&cause.to_string()) {
                return line(&said, secrets);
            }
            return "the answer is not a token (it cannot be read, and is not shown)".to_string();
        }
        deepest = cause.to_string();
        source = cause.source();
    }
    let said = line(&text, secrets);
    let cause = line(&deepest, secrets);
    // "error sending request" says less than what lies below it.
    if said.contains("error sending request") && !said.contains(&cause) {
        return format!("{said}: {cause}");
    }
    said
}

/// What Entra ID said, where azure_identity 1.0.0 fails to read it: it takes the description of an error by reference, which no
/// text with an escape in it (and most have one) can be. The parser's complaint quotes it; it is no token then.
fn entra_description(complaint: &str) -> Option<String> {
    let (before, _) = complaint.rsplit_once("\", expected a borrowed string")?;
    let start = before.find("AADSTS")?;
    let said = before[start..].split("\\r\\n").next()?;
    Some(said.replace("\\\"", "\"").replace("\\'", "'"))
}

/// The line of a tool's talk that says what is wrong, without what must not be shown.
pub fn line(text: &str, secrets: &[String]) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| {
            let line = line.trim();
            // `XCredential authentication failed. ` is put in front by azure_identity.
            line.split_once(" authentication failed.")
                .filter(|(before, _)| before.ends_with("Credential") && !before.contains(' '))
                .map_or(line, |(_, after)| after.trim())
        })
        .filter(|line| {
            !line.is_empty()
                && !line.starts_with("To troubleshoot, visit")
                && !line.starts_with("WARNING")
        })
        .collect();
    let telling = lines
        .iter()
        .find(|line| line.starts_with("ERROR") || line.contains("AADSTS"));
    let chosen = match (telling, lines.first()) {
        (Some(line), _) => line,
        // Of a stack trace, the last line is the error.
        (None, Some(first)) if first.starts_with("Traceback") => lines.last().unwrap_or(first),
        (None, Some(first)) => first,
        (None, None) => return "it failed without saying why".to_string(),
    };
    let chosen = chosen
        .trim_start_matches("ERROR:")
        .split(" Trace ID:")
        .next()
        .unwrap_or_default();
    let mut shown = hide(chosen.trim(), secrets);
    shown = shown
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if let Some((end, _)) = shown.char_indices().nth(LONGEST) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

/// The text with secrets hidden: those known, those that look like tokens, those that are announced as such.
fn hide(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_string();
    for secret in secrets {
        let secret = secret.trim();
        if !secret.is_empty() {
            text = text.replace(secret, HIDDEN);
        }
    }
    let mut shown = String::with_capacity(text.len());
    let (mut last_word, mut rest) = (String::new(), text.as_str());
    while !rest.is_empty() {
        let gap_end = rest.find(is_of_token).unwrap_or(rest.len());
        let (gap, after) = rest.split_at(gap_end);
        let word_end = after.find(|c| !is_of_token(c)).unwrap_or(after.len());
        let (word, after) = after.split_at(word_end);
        shown.push_str(gap);
        let is_announced = match last_word.as_str() {
            "bearer" => true,
            "accesstoken" | "access_token" | "refreshtoken" | "refresh_token" | "id_token"
            | "idtoken" | "oidctoken" | "client_secret" | "client_assertion" | "assertion"
            | "secret" | "password" | "token" | "authorization" => gap.contains([':', '=']),
            _ => false,
        };
        if word.eq_ignore_ascii_case("bearer") || !(is_announced || looks_like_token(word)) {
            shown.push_str(word);
        } else {
            shown.push_str(HIDDEN);
        }
        last_word = word.trim_end_matches('=').to_ascii_lowercase();
        rest = after;
    }
    shown
}

fn is_of_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~' | '+')
}

/// A JSON web token, or a long run that mixes letters and digits as words, names and GUIDs do not.
fn looks_like_token(word: &str) -> bool {
    let has = |test: fn(&char) -> bool| word.chars().any(|c| test(&c));
    let mixes = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
    let in_both_cases = has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase);
    word.starts_with("eyJ")
        || (word.len() >= 24 && mixes && in_both_cases)
        || (word.len() >= 40 && mixes && !word.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_that_says_what_is_wrong() {
        for (text, expected) in [
            (
                "AzureCliCredential authentication failed. ERROR: Please run 'az login' to setup account.\n\nTo troubleshoot, visit https://aka.ms/x#azure-cli",
                "Please run 'az login' to setup account.",
            ),
            (
                "AzureCliCredential authentication failed. WARNING: a newer version\nERROR: AADSTS700082: The refresh token has expired due to inactivity. Trace ID: 1 Correlation ID: 2 Timestamp: 3",
                "AADSTS700082: The refresh token has expired due to inactivity.",
            ),
            (
                "Traceback (most recent call last):\n  File \"/opt/az/x.py\", line 3\nModuleNotFoundError: No module named 'azure'",
                "ModuleNotFoundError: No module named 'azure'",
            ),
            ("", "it failed without saying why"),
            ("a\tb\u{1b}[31mc", "a b [31mc"),
        ] {
            assert_eq!(line(text, &[]), expected);
        }
        assert_eq!(line(&"x ".repeat(400), &[]).chars().count(), LONGEST + 1);
    }

    #[test]
    fn secrets_are_hidden_however_they_come() {
        let jwt = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl";
        for (text, secret) in [
            (format!("bad token {jwt} given"), jwt),
            (
                "{\"accessToken\": \"short\", \"x\": 1}".to_string(),
                "short",
            ),
            ("Authorization: Bearer abc123".to_string(), "abc123"),
            ("client_secret=p4ss&grant_type=x".to_string(), "p4ss"),
            (
                "Zx8Q~abcDEF1234567890abcDEF1234567890xy was refused".to_string(),
                "Zx8Q~abcDEF1234567890abcDEF1234567890xy",
            ),
        ] {
            let shown = line(&text, &[]);
            assert!(!shown.contains(secret) && shown.contains(HIDDEN), "{shown}");
        }
        assert_eq!(
            line("the value hunter2 is wrong", &["hunter2".to_string()]),
            "the value *** is wrong"
        );
        let harmless = "AADSTS90002: Tenant '72f988bf-86f1-41af-91ab-2d7cd011db47' not found at https://login.microsoftonline.com/x/oauth2/v2.0/token; bearer of no token here, password is wrong";
        assert!(
            line(harmless, &[]).starts_with("AADSTS90002: Tenant '72f988bf-86f1-41af-91ab-2d7cd011db47' not found at https://login.microsoftonline.com/x/oauth2/v2.0/token;"),
            "{}",
            line(harmless, &[])
        );
        assert!(line(harmless, &[]).contains("password is wrong"));
    }
}
