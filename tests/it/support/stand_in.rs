//! A web server of the tests' own that answers one thing.

use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

/// Starts a server that answers every request alike.
pub(crate) async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// What the server was asked.
pub(crate) async fn requests(server: &MockServer) -> Vec<Request> {
    server
        .received_requests()
        .await
        .expect("requests are recorded")
}
