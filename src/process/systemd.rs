//! What systemd is told, if it started this process and asked to be: that it has started, that it is
//! alive, that it stops. Anywhere else nothing happens.

use sd_notify::NotifyState;

/// It answers; `status` is what `systemctl status` shows.
pub fn started(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// What it is doing, for `systemctl status`.
pub fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// It does its work. Without this for the time of `WatchdogSec`, systemd starts it anew.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// It stops, and finishes what is on its way.
pub fn stopping() {
    tell(&[
        NotifyState::Stopping,
        NotifyState::Status("Stopping: finishing what is on its way"),
    ]);
}

fn tell(what: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(what) {
        tracing::debug!(%error, "systemd cannot be told");
    }
}
