//! The writer over a real socket: every answer and every breakage is told as what it means, and nothing is ever sent twice.

use crate::client::block_on;
use crate::scripted::{Asked, Reply, Scripted, client_of};
use aksplan::model::ResourceId;
use aksplan::source::azure::ArmClient;
use aksplan::source::azure::container_service::ContainerService;
use aksplan::source::azure::operation::{Basis, Ending, Operation, POLLS};
use aksplan::source::azure::reads;
use aksplan::source::azure::writer::{Begun, Refusal, Writer};
use azure_core::http::{Method, Request, Url};
use serde_json::{Value, json};
use std::time::Duration;

const CLUSTER: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c";
const STATUS: &str =
    "/subscriptions/s/providers/Microsoft.ContainerService/locations/x/operations/1";

fn cluster() -> ResourceId {
    ResourceId::new(CLUSTER)
}

fn put(client: &ArmClient) -> Result<Begun, Refusal> {
    let body = json!({"location": "x", "properties": {"unheardOf": 1}});
    block_on(Writer::new(client).put_cluster(&cluster(), &body, "e-1"))
}

/// One write against these replies: what it was told, and what arrived.
fn written(replies: Vec<Reply>, tokens: u32) -> (Result<Begun, Refusal>, Vec<Asked>) {
    let server = Scripted::replies(replies);
    let told = put(&server.client(tokens));
    (told, server.asked())
}

fn refused(reply: Reply) -> Refusal {
    let shown = format!("{reply:?}");
    let (told, asked) = written(vec![reply], 9);
    assert_eq!(asked.len(), 1, "sent once, whatever is answered: {shown}");
    told.expect_err(&shown)
}

fn error(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

#[test]
fn a_write_is_what_it_should_be() {
    let taken = Reply::json(
        200,
        &json!({"properties": {"provisioningState": "Updating"}}),
    )
    .with(
        "azure-asyncoperation",
        &format!("http://127.0.0.1{STATUS}?api-version=2017-08-31&t=1&s=x"),
    )
    .with("x-ms-correlation-request-id", "corr-1")
    .with("retry-after", "7");
    let (told, asked) = written(vec![taken], 1);
    let begun = told.expect("it was taken");
    let [request] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!(request.method, "PUT");
    assert_eq!(request.target, format!("{CLUSTER}?api-version=2025-10-01"));
    assert_eq!(
        request.json(),
        json!({"location": "x", "properties": {"unheardOf": 1}})
    );
    for (name, value) in [
        ("if-match", "e-1"),
        ("content-type", "application/json"),
        ("authorization", "Bearer token-1"),
        ("x-ms-client-request-id", begun.request_id.as_str()),
    ] {
        assert_eq!(
            request.headers.get(name).map(String::as_str),
            Some(value),
            "{name}"
        );
    }
    assert_eq!(begun.correlation_id.as_deref(), Some("corr-1"));
    assert_eq!(begun.answer["properties"]["provisioningState"], "Updating");
    assert_eq!(begun.operation.first_wait(), Some(Duration::from_secs(7)));
    assert_eq!(
        begun.operation.reference(),
        format!(
            "status {STATUS}?api-version=2017-08-31 of {CLUSTER}?api-version=2025-10-01 changed"
        )
    );
}

#[test]
fn an_abort_is_a_post_without_a_body() {
    let server = Scripted::replies(vec![Reply::text(202, ""), Reply::text(204, "")]);
    let client = server.client(1);
    let writer = Writer::new(&client);
    let begun = block_on(writer.abort_cluster(&cluster())).expect("accepted");
    assert_eq!(
        begun.operation.ending(),
        None,
        "followed by the cluster's state"
    );
    assert_eq!(
        begun.operation.reference(),
        format!("state of {CLUSTER}?api-version=2025-10-01 aborted")
    );
    let pool = ResourceId::new(format!("{CLUSTER}/agentPools/p"));
    let done = block_on(writer.abort_agent_pool(&pool)).expect("done");
    assert_eq!(done.operation.ending(), Some(&Ending::Succeeded(None)));
    let asked = server.asked();
    assert_eq!(asked[0].path(), format!("{CLUSTER}/abort"));
    assert_eq!(asked[1].path(), format!("{CLUSTER}/agentPools/p/abort"));
    for request in &asked {
        assert_eq!(
            (request.method.as_str(), request.body.as_str()),
            ("POST", "")
        );
        assert!(!request.headers.contains_key("if-match"));
    }
}

/// Wordings that Azure has been seen to use.
#[test]
fn another_operation_in_the_way_is_busy() {
    for message in [
        "Operation is not allowed: Another operation (Updating) is in progress, please wait for it to finish before starting a new operation. See https://aka.ms/aks-pending-operation for more details",
        "Operation is not allowed: Another operation (nodepool1 - Updating) is in progress, please wait for it to finish before starting a new operation.",
        "Operation is not allowed: Another agentpool operation (nodepool1 - Creating) is in progress, please wait for it to finish before starting a new operation.",
        "Operation is not allowed because there's an in progress update managed cluster operation on the managed cluster started on 2026-01-01T00:00:00Z. Please wait for it to finish before starting a new operation.",
    ] {
        let told = refused(Reply::json(409, &error("OperationNotAllowed", message)));
        let Refusal::Busy {
            code,
            message: said,
            wait: None,
        } = &told
        else {
            panic!("{told:?}")
        };
        assert_eq!(code, "OperationNotAllowed");
        assert!(said.starts_with(message.trim_end_matches('.')), "{said}");
        assert!(
            told.to_string().contains("nothing was changed by it"),
            "{told}"
        );
    }
    // As AKS itself writes it, without the outer braces.
    let bare = json!({"code": "OperationNotAllowed", "details": null, "message": "Another operation (Upgrading) is in progress", "subcode": ""});
    assert!(matches!(
        refused(Reply::json(409, &bare)),
        Refusal::Busy { .. }
    ));
    // A 429 that is no throttling.
    let details = json!({"error": {"code": "RetryableError", "message": "A retryable error occurred.",
        "details": [{"code": "RetryableErrorDueToAnotherOperation", "message": "Operation PutSubnet is updating resource /subscriptions/s"}]}});
    for status in [409, 429] {
        let told = refused(Reply::json(status, &details).with("retry-after", "10"));
        let Refusal::Busy {
            code,
            message,
            wait,
        } = told
        else {
            panic!("{told:?}")
        };
        assert_eq!(
            (code.as_str(), wait),
            ("RetryableError", Some(Duration::from_secs(10)))
        );
        assert!(
            message.contains("RetryableErrorDueToAnotherOperation: Operation PutSubnet"),
            "{message}"
        );
    }
}

/// The same code, and no waiting helps.
#[test]
fn what_waiting_does_not_help_is_refused() {
    for (code, message) in [
        ("OperationNotAllowed", "managed cluster is in stopped state"),
        (
            "OperationNotAllowed",
            "Upgrades are disallowed while cluster is in a failed state",
        ),
        (
            "ScopeLocked",
            "The scope cannot perform write operation because another operation in progress lock",
        ),
        ("Conflict", "the name is taken"),
        ("", ""),
    ] {
        let told = refused(Reply::json(409, &error(code, message)));
        let Refusal::Refused { status: 409, .. } = &told else {
            panic!("{code}: {told:?}")
        };
    }
}

#[test]
fn throttling_is_told_and_not_waited_for() {
    let body = error("Throttled", "too many requests");
    for (headers, wait) in [
        (vec![], None),
        (
            vec![("retry-after", "3600")],
            Some(Duration::from_secs(3600)),
        ),
        (vec![("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")], None),
        (
            vec![("retry-after", "5"), ("x-ms-retry-after-ms", "2500")],
            Some(Duration::from_millis(2500)),
        ),
    ] {
        let mut reply = Reply::json(429, &body);
        for (name, value) in headers {
            reply = reply.with(name, value);
        }
        assert_eq!(refused(reply), Refusal::Throttled { wait });
    }
}

#[test]
fn what_may_have_happened_is_in_doubt() {
    let mut doubts: Vec<Reply> = [408, 500, 502, 503, 504]
        .into_iter()
        .map(|status| {
            Reply::json(status, &error("InternalServerError", "m")).with("retry-after", "0")
        })
        .collect();
    doubts.extend([
        Reply::ClosedBefore,
        Reply::ClosedAfter,
        Reply::HalfBody,
        Reply::Silence,
        Reply::text(200, "<html>sign in to the guest network</html>")
            .with("content-type", "text/html"),
        Reply::text(200, ""),
        Reply::text(201, "[]"),
        Reply::text(502, "<html>bad gateway</html>"),
    ]);
    for reply in doubts {
        let shown = format!("{reply:?}");
        let told = refused(reply);
        assert!(matches!(told, Refusal::InDoubt(_)), "{shown}: {told:?}");
        assert!(
            told.to_string().contains("id "),
            "it can be looked for in Azure's log: {told}"
        );
    }
}

#[test]
fn an_etag_that_is_old_is_told() {
    let body = error("PreConditionFailed", "the eTag does not match");
    assert_eq!(refused(Reply::json(412, &body)), Refusal::Changed);
}

#[test]
fn a_refusal_says_all_that_azure_says() {
    let body = json!({"error": {"code": "InvalidParameter", "target": "networkProfile.podCidr", "message": "The value is\u{1b}[31m wrong.",
        "details": [{"code": "Unspecified", "message": "podCidr overlaps"}],
        "innererror": {"code": "Deep", "message": "podCidr overlaps", "innererror": {"message": "10.0.0.0/8"}}}});
    let told = refused(Reply::json(400, &body).with("x-ms-correlation-request-id", "corr-2"));
    let Refusal::Refused {
        status,
        code,
        message,
        target,
    } = &told
    else {
        panic!("{told:?}")
    };
    assert_eq!(
        (*status, code.as_str(), target.as_deref()),
        (400, "InvalidParameter", Some("networkProfile.podCidr"))
    );
    assert_eq!(
        message,
        "The value is\u{fffd}[31m wrong.; Unspecified: podCidr overlaps; Deep: podCidr overlaps; 10.0.0.0/8; correlation id corr-2"
    );
    for (status, word) in [(307, "Redirect"), (403, "Forbidden"), (404, "NotFound")] {
        let told = refused(Reply::text(status, "<html>").with("location", "http://127.0.0.1:9/x"));
        assert!(
            matches!(&told, Refusal::Refused { status: s, code, .. } if *s == status && code == word),
            "{told:?}"
        );
    }
}

#[test]
fn no_secret_is_told() {
    let message = "token 'eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiIxIn0.c2ln' see https://management.azure.com/subscriptions/s/operations/1?api-version=2017-08-31&t=638&c=MIIH&s=SIGN&h=HASH now";
    for status in [400, 409, 500] {
        let told = refused(Reply::json(status, &error("OperationNotAllowed", message)));
        let all = format!("{told} {told:?}");
        for secret in ["eyJ", "MIIH", "SIGN", "HASH", "token-1"] {
            assert!(!all.contains(secret), "{all}");
        }
        assert!(
            all.contains("operations/1?api-version=2017-08-31 now"),
            "{all}"
        );
    }
}

/// A token that expired: a new one, once. Without one, or where the new one is refused as well, the write was not carried out.
#[test]
fn an_expired_token_is_renewed_once() {
    let expired = || Reply::json(401, &error("ExpiredAuthenticationToken", "expired"));
    let taken = || {
        Reply::json(
            200,
            &json!({"properties": {"provisioningState": "Succeeded"}}),
        )
    };
    let (told, asked) = written(vec![expired(), taken()], 9);
    told.expect("taken with the second token");
    let tokens: Vec<&str> = asked
        .iter()
        .map(|asked| asked.headers["authorization"].as_str())
        .collect();
    assert_eq!(tokens, ["Bearer token-1", "Bearer token-2"]);
    assert_eq!(asked[0].body, asked[1].body, "the whole body again");
    assert_eq!(
        asked[0].headers["x-ms-client-request-id"], asked[1].headers["x-ms-client-request-id"],
        "one write, one id"
    );
    let (told, asked) = written(vec![expired(), expired(), taken()], 9);
    assert!(
        matches!(told, Err(Refusal::Refused { status: 401, .. })),
        "{told:?}"
    );
    assert_eq!(asked.len(), 2);
    let (told, asked) = written(vec![expired(), taken()], 1);
    assert!(
        matches!(told, Err(Refusal::Refused { status: 401, .. })),
        "{told:?}"
    );
    assert_eq!(asked.len(), 1, "there is no other token");
    // One that opened the cluster a moment ago is renewed as well; and what breaks then is judged as ever.
    let server = Scripted::replies(vec![
        Reply::json(200, &json!({"name": "c"})),
        expired(),
        Reply::ClosedAfter,
        taken(),
    ]);
    let client = server.client(9);
    block_on(ContainerService::new(&client).cluster(&cluster())).expect("read");
    assert!(matches!(put(&client), Err(Refusal::InDoubt(_))));
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn what_never_left_is_known() {
    // Nobody listens there; and no token.
    let told = put(&client_of("http://127.0.0.1:9", 1));
    assert!(matches!(told, Err(Refusal::NotSent(_))), "{told:?}");
    let (told, asked) = written(vec![Reply::text(200, "{}")], 0);
    assert!(matches!(told, Err(Refusal::NotSent(_))), "{told:?}");
    assert!(asked.is_empty());
    let server = Scripted::replies(vec![]);
    let client = server.client(1);
    let writer = Writer::new(&client);
    for (id, body, etag) in [
        (CLUSTER, json!({}), ""),
        (CLUSTER, json!({}), "*"),
        (CLUSTER, json!({}), " * "),
        (CLUSTER, json!({}), "a\r\nb: c"),
        (CLUSTER, json!([]), "e"),
        ("/subscriptions/s/resourceGroups/g", json!({}), "e"),
        (
            &format!("{CLUSTER}/maintenanceConfigurations/default"),
            json!({}),
            "e",
        ),
        (&format!("{CLUSTER}/../../x/y"), json!({}), "e"),
        (&format!("{CLUSTER}?x"), json!({}), "e"),
    ] {
        let told = block_on(writer.put_cluster(&ResourceId::new(id), &body, etag));
        assert!(
            matches!(told, Err(Refusal::NotSent(_))),
            "{id} {etag:?}: {told:?}"
        );
    }
    assert!(server.asked().is_empty());
    // The reader goes on refusing.
    let url = Url::parse(&format!("{}{CLUSTER}", server.endpoint)).expect("an address");
    for method in [Method::Put, Method::Post, Method::Delete, Method::Patch] {
        let told = block_on(client.send(Request::new(url.clone(), method)));
        assert!(told.is_err());
    }
    assert!(server.asked().is_empty());
}

/// 201 and 202 without a word on where to follow: the state of the cluster tells.
#[test]
fn without_headers_the_state_is_followed() {
    for (status, body) in [
        (201, r#"{"properties": {"provisioningState": "Updating"}}"#),
        (202, ""),
    ] {
        let state =
            |state: &str| Reply::json(200, &json!({"properties": {"provisioningState": state}}));
        let server = Scripted::replies(vec![
            Reply::text(status, body),
            state("Updating"),
            state("Succeeded"),
        ]);
        let client = server.client(1);
        let begun = put(&client).expect("taken");
        let told = block_on(begun.operation.poll(&client)).expect("answered");
        assert_eq!(
            (told.status.as_str(), told.basis, told.ending()),
            ("Updating", Basis::Resource, None)
        );
        let told = block_on(told.next.poll(&client)).expect("answered");
        assert_eq!(told.ending(), Some(&Ending::Succeeded(None)));
        assert_eq!(
            server.asked()[1].target,
            format!("{CLUSTER}?api-version=2025-10-01")
        );
    }
}

/// The bare address works, or the cluster is asked.
#[test]
fn a_reference_is_followed_without_its_signature() {
    let reference = format!(
        "status {STATUS}?api-version=2017-08-31 of {CLUSTER}?api-version=2025-10-01 changed"
    );
    let status = |status: &str| Reply::json(200, &json!({"status": status}));
    let state =
        |state: &str| Reply::json(200, &json!({"properties": {"provisioningState": state}}));
    let follow = |replies: Vec<Reply>| {
        let server = Scripted::replies(replies);
        let client = server.client(1);
        let operation =
            Operation::of_reference(&reference, client.endpoint()).expect("a reference");
        assert_eq!(operation.reference(), reference, "there and back");
        let told = block_on(operation.poll(&client));
        let paths: Vec<String> = server
            .asked()
            .iter()
            .map(|asked| asked.target.clone())
            .collect();
        (told, paths)
    };
    let (told, paths) = follow(vec![status("InProgress")]);
    assert_eq!(told.expect("answered").basis, Basis::Operation);
    assert_eq!(paths, [format!("{STATUS}?api-version=2017-08-31")]);
    for refused in [400, 401, 403, 404] {
        let (told, paths) = follow(vec![Reply::text(refused, ""), state("Canceled")]);
        let told = told.expect("the cluster says it");
        assert_eq!(told.basis, Basis::Resource);
        assert_eq!(
            told.ending(),
            Some(&Ending::Ended("Canceled".to_string(), None))
        );
        assert_eq!(paths.len(), 2);
        // Neither can be read: the operation's own refusal is told.
        let (told, _) = follow(vec![Reply::text(refused, ""), Reply::text(403, "")]);
        let error = told.expect_err("nothing answers");
        assert!(
            error.to_string().contains(&format!(": {refused}")),
            "{error}"
        );
    }
    // While it runs, one that is not known yet is asked for again; one that is closed is not.
    for (refused, again) in [(404, true), (403, false)] {
        let (told, _) = follow(vec![Reply::text(refused, ""), state("Updating")]);
        let next = told.expect("the cluster says it").next;
        assert_eq!(next.reference() == reference, again, "{refused}");
    }
}

/// Who began an operation asks with the signature; who only has the reference, without.
#[test]
fn a_signature_is_kept_in_memory_and_nowhere_else() {
    let server = Scripted::start(|endpoint| {
        let address = format!("{endpoint}{STATUS}?api-version=2017-08-31&t=1&c=C&s=SIGN&h=H");
        Box::new(move |number, _| match number {
            0 => Reply::text(202, "").with("azure-asyncoperation", &address),
            _ => Reply::json(200, &json!({"status": "InProgress"})),
        })
    });
    let client = server.client(1);
    let begun = put(&client).expect("taken");
    assert!(!format!("{begun:?}").contains("SIGN"), "{begun:?}");
    let reference = begun.operation.reference();
    assert!(!reference.contains("SIGN"), "{reference}");
    for (client, target) in [
        (
            client.clone(),
            format!("{STATUS}?api-version=2017-08-31&t=1&c=C&s=SIGN&h=H"),
        ),
        (server.client(1), format!("{STATUS}?api-version=2017-08-31")),
    ] {
        let operation =
            Operation::of_reference(&reference, client.endpoint()).expect("a reference");
        let told = block_on(operation.poll(&client)).expect("answered");
        assert_eq!(told.status, "InProgress");
        assert_eq!(told.next.reference(), reference);
        assert_eq!(server.asked().last().expect("asked").target, target);
        assert!(!format!("{client:?} {told:?}").contains("SIGN"));
    }
}

#[test]
fn an_aborted_cluster_is_what_an_abort_wants() {
    for (state, ending) in [
        ("Canceling", None),
        ("Canceled", Some(Ending::Succeeded(None))),
        ("Succeeded", Some(Ending::Succeeded(None))),
        ("Failed", Some(Ending::Ended("Failed".to_string(), None))),
    ] {
        let server = Scripted::replies(vec![
            Reply::text(202, ""),
            Reply::json(200, &json!({"properties": {"provisioningState": state}})),
        ]);
        let client = server.client(1);
        let begun = block_on(Writer::new(&client).abort_cluster(&cluster())).expect("accepted");
        let told = block_on(begun.operation.poll(&client)).expect("answered");
        assert_eq!(told.ending(), ending.as_ref(), "{state}");
    }
}

#[test]
fn what_is_no_reference_is_refused() {
    let endpoint = Url::parse("https://management.azure.com").expect("an address");
    for text in [
        "",
        "status",
        "status https://evil.example/x of /y changed",
        "status //evil.example/x of /y changed",
        "state of evil changed",
        "state of /x gone",
        "location /x of /y",
    ] {
        assert!(Operation::of_reference(text, &endpoint).is_err(), "{text}");
    }
    // Whatever path it names, only what the table has is asked.
    let server = Scripted::replies(vec![]);
    let client = server.client(1);
    let text = "status /subscriptions/s/x of /subscriptions/s/resourceGroups/g/providers/y changed";
    let operation = Operation::of_reference(text, client.endpoint()).expect("it has the form");
    block_on(operation.poll(&client)).expect_err("not in the table");
    assert!(server.asked().is_empty());
    assert!(reads::allowing(Method::Get, STATUS).is_none() && POLLS.len() > 4);
}
