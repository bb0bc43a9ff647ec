//! What the machine around says must not lead astray: a proxy that is set, a list of subscriptions that is damaged.

use crate::binary::Folder;
use crate::estate::{estate, subscription};
use crate::server::{Azure, Manners, TOKEN};
use crate::whole::SMALL;
use std::io::Read;
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A token for this machine's own endpoint does not go to a proxy, whatever `HTTP_PROXY` says.
#[test]
fn a_proxy_is_not_asked_for_this_machine() {
    let proxy = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = format!("http://{}", proxy.local_addr().expect("it is bound"));
    let taken = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&taken);
    std::thread::spawn(move || {
        for connection in proxy.incoming() {
            count.fetch_add(1, Ordering::Relaxed);
            // Whatever comes is thrown away.
            let _ = connection.map(|mut connection| connection.read(&mut [0; 64]));
        }
    });
    let azure = Azure::start(estate(SMALL).world, Manners::default());
    let output = Command::new(env!("CARGO_BIN_EXE_aksplan"))
        .args([
            "capacity",
            "--subscription",
            &subscription(1),
            "--arm-endpoint",
            &azure.endpoint(),
        ])
        .env("AKSPLAN_ARM_TOKEN", TOKEN)
        .env("HTTP_PROXY", &address)
        .env("http_proxy", &address)
        .env("ALL_PROXY", &address)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .expect("the binary runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(taken.load(Ordering::Relaxed), 0, "the proxy was asked");
}

/// Without a subscription by name, the Azure CLI's list decides; where that is damaged, nothing is read and it is said.
#[test]
fn a_damaged_list_of_subscriptions_is_an_error() {
    let folder = Folder::new();
    std::fs::write(
        folder.path.join("azureProfile.json"),
        "{\"subscriptions\": 7}",
    )
    .expect("writable");
    let azure = Azure::start(estate(SMALL).world, Manners::default());
    let output = Command::new(env!("CARGO_BIN_EXE_aksplan"))
        .args(["capacity", "--arm-endpoint", &azure.endpoint()])
        .env("AKSPLAN_ARM_TOKEN", TOKEN)
        .env("AZURE_CONFIG_DIR", &folder.path)
        .env_remove("AZURE_SUBSCRIPTION_ID")
        .env_remove("ARM_SUBSCRIPTION_ID")
        .output()
        .expect("the binary runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("azureProfile.json"), "{told}");
    assert!(
        azure.log().is_empty(),
        "nothing is asked of nobody knows which subscription"
    );
}
