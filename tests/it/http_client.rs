//! Which addresses outbound calls reach, and what comes back of an answer.

use ipnet::IpNet;
use oyez::http_client::{Call, Failure, HttpClient, Limits, Reply};
use reqwest::{Method, Url};
use wiremock::ResponseTemplate;

use crate::support::stand_in::{answering, requests};

fn client(allowed: &[&str]) -> HttpClient {
    let allowed: Vec<IpNet> = allowed.iter().map(|net| net.parse().unwrap()).collect();
    HttpClient::new(&allowed, Limits::default()).unwrap()
}

async fn call(client: &HttpClient, url: &str) -> Result<Reply, Failure> {
    let url: Url = url.parse().unwrap();
    let call = Call {
        method: Method::POST,
        url: &url,
        headers: Default::default(),
        body: b"{}".to_vec(),
    };
    client.send(call).await
}

#[tokio::test]
async fn a_name_is_called_only_if_it_leads_to_a_permitted_address() {
    let server = answering(ResponseTemplate::new(200)).await;
    let by_name = server.uri().replace("127.0.0.1", "localhost");
    let secure = by_name.replace("http:", "https:");

    let refused = |failure: Result<Reply, Failure>| {
        matches!(failure, Err(Failure::Address(_) | Failure::Private(_)))
    };
    assert!(refused(call(&client(&[]), &secure).await));
    assert!(refused(call(&client(&["10.0.0.0/8"]), &secure).await));
    assert!(refused(call(&client(&["10.0.0.0/8"]), &by_name).await));
    assert!(refused(call(&client(&[]), &by_name).await));
    assert!(requests(&server).await.is_empty());

    let reply = call(&client(&["127.0.0.0/8"]), &by_name).await.unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(requests(&server).await.len(), 1);
}

#[tokio::test]
async fn an_address_is_refused_in_every_spelling() {
    for host in [
        "127.0.0.1",
        "0x7f.1",
        "2130706433",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
    ] {
        let failure = call(&client(&[]), &format!("https://{host}/x"))
            .await
            .unwrap_err();
        assert!(matches!(failure, Failure::Address(_)), "{host}: {failure}");
    }
}

#[tokio::test]
async fn unencrypted_calls_stay_in_the_networks_that_are_named() {
    let client = client(&["127.0.0.0/8"]);
    assert!(client.check_url("http://127.0.0.1:8080/x").is_ok());
    assert!(client.check_url("http://1.1.1.1/x").is_err());
    assert!(client.check_url("https://1.1.1.1/x").is_ok());
}

#[tokio::test]
async fn a_long_answer_is_read_up_to_a_limit() {
    let server = answering(ResponseTemplate::new(200).set_body_string("x".repeat(1_000_000))).await;
    let reply = call(&client(&["127.0.0.0/8"]), &server.uri())
        .await
        .unwrap();
    assert_eq!(reply.body.len(), 64 * 1024);
}

#[tokio::test]
async fn no_fault_holds_the_address() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let failure = call(&client(&["127.0.0.0/8"]), &format!("http://{free}/s3cr3t"))
        .await
        .unwrap_err();
    assert!(matches!(failure, Failure::NotSent(_)), "{failure}");
    let shown = format!("{failure} {failure:?}");
    assert!(
        !shown.contains("s3cr3t") && !shown.contains(&free.port().to_string()),
        "{shown}"
    );
}
