//! Chat wants an answer soon, whatever the answer needs.

use std::{future::Future, time::Duration};

/// What comes within this time. No time at all is never enough, however quick an answer is: who says that
/// nothing is in time may rely on it.
pub(super) async fn in_time<T>(within: Duration, answer: impl Future<Output = T>) -> Option<T> {
    if within.is_zero() {
        return None;
    }
    tokio::time::timeout(within, answer).await.ok()
}
