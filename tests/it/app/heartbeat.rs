//! Whoever watches the program hears from it while it does its work, and only then.

use std::sync::Arc;

use chrono::TimeDelta;
use oyez::{
    app::{Heartbeat, Part, Pulse},
    http_client::{HttpClient, Limits},
    store::faults::{self, NewFault},
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

use super::Agency;

#[tokio::test]
async fn the_watch_is_not_called_while_delivery_hangs() {
    let watch = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&watch)
        .await;
    let loopback = ["127.0.0.0/8".parse().unwrap()];
    let http = HttpClient::new(&loopback, Limits::default()).unwrap();
    let heart = Heartbeat::new(http, &watch.uri()).unwrap();
    for agency in Agency::all(str::to_owned).await {
        let mut app = agency.app.at(Arc::clone(&agency.app.clock));
        app.pulse = Arc::new(Pulse::new(agency.clock.clone(), Pulse::PATIENCE));
        app.pulse.begin(Part::Delivery);
        assert!(app.beat(&heart).await.unwrap());
        agency.clock.advance(TimeDelta::seconds(30));
        assert!(!app.beat(&heart).await.unwrap());
        app.pulse.beat(Part::Delivery);
        assert!(app.beat(&heart).await.unwrap());
    }
}

#[tokio::test]
async fn the_watch_is_called_until_the_outbox_no_longer_adds_up() {
    let watch = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&watch)
        .await;
    let loopback = ["127.0.0.0/8".parse().unwrap()];
    let http = HttpClient::new(&loopback, Limits::default()).unwrap();
    let heart = Heartbeat::new(http, &watch.uri()).unwrap();
    let mut expected = 0;
    for agency in Agency::all(str::to_owned).await {
        assert!(agency.app.beat(&heart).await.unwrap());
        expected += 1;
        let fault = NewFault {
            key: "outbox:order",
            sentence: "1 deliveries wait for one that has ended.",
            detail: "",
            incident: None,
        };
        let now = agency.app.clock.now();
        faults::record(agency.app.store.write(), fault, now)
            .await
            .unwrap();
        assert!(!agency.app.beat(&heart).await.unwrap());
    }
    assert_eq!(watch.received_requests().await.unwrap().len(), expected);
}

#[test]
fn an_address_inside_the_network_is_refused_and_not_repeated() {
    let http = HttpClient::new(&[], Limits::default()).unwrap();
    let refused = Heartbeat::new(http, "https://10.1.2.3/secret-token").unwrap_err();
    assert!(refused.contains("private network"), "{refused}");
    assert!(!refused.contains("secret-token"), "{refused}");
}
