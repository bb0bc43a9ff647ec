//! The loopback Azure, asked with bare sockets: before anything is said of the client, the server must do what its faults say.

use crate::fault::{self, Draws, Fault, RetryAfter};
use crate::server::{Azure, Manners, TOKEN, Token};
use crate::world::{Subscription, World};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const SUBSCRIPTION: &str = "11111111-0000-4000-8000-000000000001";

fn vnet(name: &str) -> Value {
    let id = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/Net/providers/Microsoft.Network/virtualNetworks/{name}"
    );
    json!({
        "id": id,
        "name": name,
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [
                {"id": format!("{id}/subnets/a"), "name": "a", "properties": {"addressPrefix": "10.0.0.0/24"}},
                {"id": format!("{id}/subnets/b"), "name": "b", "properties": {"addressPrefix": "10.0.1.0/24"}},
            ],
        },
    })
}

fn world() -> World {
    let mut world = World::default();
    world.subscriptions.push(Subscription {
        id: SUBSCRIPTION.to_string(),
        name: "First".to_string(),
    });
    for number in 0..5 {
        world.put(&vnet(&format!("v{number}")));
    }
    world
}

/// What came over the wire: the head in lower case, and the rest.
struct Raw {
    head: String,
    body: Vec<u8>,
    error: Option<std::io::ErrorKind>,
}

impl Raw {
    fn status(&self) -> Option<u16> {
        self.head.split(' ').nth(1)?.parse().ok()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

fn ask(azure: &Azure, method: &str, target: &str, headers: &str, body: &str) -> Raw {
    let address = azure.endpoint().replace("http://", "");
    let mut stream = TcpStream::connect(&address).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_millis(700)))
        .expect("a timeout");
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .expect("it reads");
    let mut all = Vec::new();
    let error = stream.read_to_end(&mut all).err().map(|error| error.kind());
    let end = all
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .map_or(all.len(), |end| end + 4);
    let head = String::from_utf8_lossy(&all[..end]).to_ascii_lowercase();
    Raw {
        head,
        body: all.split_off(end),
        error,
    }
}

fn get(azure: &Azure, target: &str) -> Raw {
    let token = format!("authorization: Bearer {TOKEN}\r\n");
    ask(azure, "GET", target, &token, "")
}

fn vnets() -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/virtualNetworks?api-version=2024-03-01"
    )
}

#[test]
fn lists_come_in_pages_and_children_come_from_their_parents() {
    let manners = Manners {
        page_size: 2,
        ..Manners::default()
    };
    let azure = Azure::start(world(), manners);
    let (mut target, mut names) = (vnets(), Vec::new());
    loop {
        let page = get(&azure, &target).json();
        for member in page["value"].as_array().expect("a list") {
            names.push(member["name"].as_str().expect("a name").to_string());
        }
        let Some(next) = page["nextLink"].as_str() else {
            break;
        };
        if names.len() == 2 {
            // What is deleted between two pages shifts nothing.
            azure.world().delete(&format!(
                "/subscriptions/{SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/V0"
            ));
        }
        target = next
            .strip_prefix(&azure.endpoint())
            .expect("the same host")
            .to_string();
    }
    assert_eq!(names, ["v0", "v1", "v2", "v3", "v4"]);
    let one = format!(
        "/subscriptions/{SUBSCRIPTION}/resourcegroups/net/providers/microsoft.network/virtualnetworks/v1"
    );
    let version = "?api-version=2024-03-01";
    assert_eq!(get(&azure, &format!("{one}{version}")).json()["name"], "v1");
    let subnets = get(&azure, &format!("{one}/subnets{version}")).json();
    assert_eq!(subnets["value"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        get(&azure, &format!("{one}/subnets/B{version}")).json()["name"],
        "b"
    );
    assert_eq!(
        get(&azure, &format!("{one}/usages{version}")).json()["value"],
        json!([])
    );
    for (target, status) in [
        (one.clone(), 400),
        (format!("{one}x{version}"), 404),
        (format!("{one}/subnets/c{version}"), 404),
        (format!("/subscriptions{version}"), 200),
        (format!("/subscriptions/{SUBSCRIPTION}{version}"), 200),
        (format!("/subscriptions/none{version}"), 404),
    ] {
        assert_eq!(get(&azure, &target).status(), Some(status), "{target}");
    }
    for method in ["PUT", "DELETE", "PATCH", "POST"] {
        let token = format!("authorization: Bearer {TOKEN}\r\n");
        let refused = ask(&azure, method, &format!("{one}{version}"), &token, "{}");
        assert_eq!(refused.status(), Some(405), "{method}");
    }
    assert_eq!(azure.log().len(), 17);
}

#[test]
fn a_token_is_checked_and_never_logged() {
    let azure = Azure::start(world(), Manners::default());
    assert_eq!(ask(&azure, "GET", &vnets(), "", "").status(), Some(401));
    let wrong = "authorization: Bearer wrong\r\n";
    assert_eq!(ask(&azure, "GET", &vnets(), wrong, "").status(), Some(401));
    assert_eq!(get(&azure, &vnets()).status(), Some(200));
    let log = azure.log();
    let tokens: Vec<Token> = log.iter().map(|entry| entry.token).collect();
    assert_eq!(tokens, [Token::Missing, Token::Wrong, Token::Right]);
    assert!(!format!("{log:?}").contains(TOKEN));
    azure.world().forbidden.insert(SUBSCRIPTION.to_string());
    let refused = get(&azure, &vnets());
    assert_eq!(refused.status(), Some(403));
    assert_eq!(refused.json()["error"]["code"], "AuthorizationFailed");
    let listed = get(&azure, "/subscriptions?api-version=2022-12-01").json();
    assert_eq!(listed["value"], json!([]));
}

#[test]
fn every_fault_is_what_it_says() {
    let azure = Azure::start(world(), Manners::default());
    let with = |fault: Fault| {
        azure.manners().plan = fault::plan(move |_| Some(fault.clone()));
        get(&azure, &vnets())
    };
    let fine = {
        azure.manners().plan = fault::none();
        get(&azure, &vnets())
    };
    assert_eq!((fine.status(), fine.error), (Some(200), None));

    for (after, header) in [
        (RetryAfter::Unsaid, None),
        (RetryAfter::Seconds(7), Some("retry-after: 7\r\n")),
        (RetryAfter::Date(1), Some(" gmt\r\n")),
    ] {
        let raw = with(Fault::Throttled(after));
        assert_eq!(raw.status(), Some(429));
        assert_eq!(
            raw.head.contains("retry-after"),
            header.is_some(),
            "{}",
            raw.head
        );
        assert!(
            raw.head.contains(header.unwrap_or_default()),
            "{}",
            raw.head
        );
    }
    for status in [403, 404, 408, 409, 500, 502, 503, 504] {
        let raw = with(Fault::Status(status));
        assert_eq!(raw.status(), Some(status));
        assert!(raw.json()["error"]["code"].is_string());
    }
    let raw = with(Fault::Html(200));
    assert_eq!((raw.status(), raw.json()), (Some(200), Value::Null));
    assert!(raw.head.contains("text/html"));

    let began = Instant::now();
    let raw = with(Fault::Stall);
    assert_eq!((raw.status(), raw.body.len()), (None, 0));
    assert!(began.elapsed() >= Duration::from_millis(600));

    let raw = with(Fault::Reset);
    assert_eq!(
        (raw.status(), raw.error),
        (None, Some(std::io::ErrorKind::ConnectionReset))
    );

    let raw = with(Fault::HalfBody);
    let promised = format!("content-length: {}\r\n", fine.body.len());
    assert!(raw.head.contains(&promised), "{}", raw.head);
    assert!(raw.body.len() < fine.body.len() && !raw.body.is_empty());

    let raw = with(Fault::CutChunks);
    assert!(raw.head.contains("transfer-encoding: chunked"));
    assert!(!raw.body.is_empty() && !raw.body.ends_with(b"0\r\n\r\n"));

    let raw = with(Fault::CutJson);
    let promised = format!("content-length: {}\r\n", raw.body.len());
    assert!(raw.head.contains(&promised) && raw.json() == Value::Null);

    let raw = with(Fault::RepeatedPage);
    let next = raw.json()["nextLink"].as_str().map(str::to_string);
    assert_eq!(next, Some(format!("{}{}", azure.endpoint(), vnets())));
    let raw = with(Fault::NextPageAt("http://localhost:1/x".to_string()));
    assert_eq!(raw.json()["nextLink"], "http://localhost:1/x");
    assert_eq!(with(Fault::Expired).status(), Some(401));

    let gone = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/Net/providers/Microsoft.Network/virtualNetworks/v4"
    );
    let raw = with(Fault::ThenDeleted(vec![gone]));
    assert_eq!(raw.json()["value"].as_array().map(Vec::len), Some(5));
    azure.manners().plan = fault::none();
    let left = get(&azure, &vnets()).json();
    assert_eq!(left["value"].as_array().map(Vec::len), Some(4));
}

#[test]
fn gzip_is_sent_to_those_who_unpack_it() {
    let manners = Manners {
        gzip: true,
        ..Manners::default()
    };
    let azure = Azure::start(world(), manners);
    assert!(!get(&azure, &vnets()).head.contains("gzip"));
    let headers = format!("authorization: Bearer {TOKEN}\r\naccept-encoding: gzip\r\n");
    let packed = ask(&azure, "GET", &vnets(), &headers, "");
    assert!(packed.head.contains("content-encoding: gzip"));
    assert_eq!(packed.body[..2], [0x1f, 0x8b]);
    // The check value of CRC-32, and an empty member.
    let known = crate::gzip::gzip(b"123456789");
    assert_eq!(
        known[known.len() - 8..known.len() - 4],
        0xcbf4_3926_u32.to_le_bytes()
    );
    assert_eq!(crate::gzip::gzip(b"").len(), 10 + 5 + 8);
}

#[test]
fn a_seed_decides_what_fails_whatever_the_order() {
    let plan = fault::passing(7, 40, 2, vec![Fault::Reset, Fault::Status(500)]);
    let asked = |path: &str, before| fault::Asked {
        method: "GET".to_string(),
        path: path.to_string(),
        rest: String::new(),
        before,
        number: 0,
    };
    let paths: Vec<String> = (0..200).map(|number| format!("/p{number}")).collect();
    let forwards: Vec<_> = paths.iter().map(|path| plan(&asked(path, 0))).collect();
    let backwards: Vec<_> = paths
        .iter()
        .rev()
        .map(|path| plan(&asked(path, 0)))
        .collect();
    assert!(forwards.iter().eq(backwards.iter().rev()));
    let failed = forwards.iter().flatten().count();
    assert!((50..110).contains(&failed), "{failed} of 200 at 40 %");
    assert!(paths.iter().all(|path| plan(&asked(path, 2)).is_none()));
    let mut draws = Draws::new(1);
    assert_ne!(draws.next(), draws.next());
}
