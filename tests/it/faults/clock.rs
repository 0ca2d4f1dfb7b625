//! The time of day set back an hour under a running server.

use std::{fs, path::PathBuf, time::Duration};

use super::{Serving, key, mails_with, until};
use crate::support::agency::Agency;

/// Debian's library that shows a process another time of day.
fn faketime() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().flatten();
    let library = folders
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.exists());
    library.expect("Debian's package faketime: scripts/install-packages faketime:faketime")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_clock_is_set_back_an_hour_goes_on_at_once() {
    let agency = Agency::open().await;
    let key = key(&agency).await;
    let time = agency.write("time", "+0s");
    let mut serve = agency.command("serve");
    serve
        .env("LD_PRELOAD", faketime())
        .env("FAKETIME_TIMESTAMP_FILE", &time)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let server = Serving::start(serve, &key).await;
    server.declare("before").await.is(201);
    until("the first P1 is out", async || {
        mails_with(&agency, "INC-0001") > 0
    })
    .await;
    agency.write("time", "-3600s");
    server.declare("after").await.is(201);
    let took = until("the second P1 is out", async || {
        mails_with(&agency, "INC-0002") > 0
    })
    .await;
    assert!(took < Duration::from_secs(10), "{took:?}");
    println!("the clock set back an hour: the next P1 was out after {took:?}");
    let ready = server.get("/readyz").await.is(200);
    assert_eq!(ready["notices"], serde_json::json!([]), "nothing hangs");
    let (took, code) = server.stop().await;
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(6), "{took:?}");
}
