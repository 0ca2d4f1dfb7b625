//! The one clock: what time it is, and waiting for a time.
//!
//! Everything that needs the time is given a [`Clock`]; nothing else reads one, so that a test runs
//! a week of an incident in a second. In production it is the [`SystemClock`], set right against
//! the database when several processes share one; in tests it is a [`ManualClock`]; in practice it may
//! be a [`PracticeClock`], which somebody moves on instead of waiting.
//!
//! The time of day may be set back; what a loop waits between two looks must not wait for it to catch
//! up. So each clock also says how long it has run, and pauses are measured on that.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use chrono::{SubsecRound, TimeDelta, Utc};
use tokio::sync::watch;

use crate::domain::Time;

/// Tells the time and waits for one.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now, in UTC, cut to microseconds: what the database gives back is what was put in.
    fn now(&self) -> Time;

    /// Ends when the clock shows `at` or later; at once if it does already.
    fn sleep_until(&self, at: Time) -> Sleep<'_>;

    /// How long the clock has run. It only goes forward, whoever sets the time of day, so it is what
    /// pauses are measured on; it means nothing to another clock, or after a restart.
    fn running(&self) -> Duration;

    /// Ends when the clock has [run](Clock::running) so long; at once if it has already.
    fn pause_until(&self, running: Duration) -> Sleep<'_>;

    /// Ends after so long, however the time of day is set meanwhile.
    fn pause(&self, length: Duration) -> Sleep<'_> {
        self.pause_until(self.running().saturating_add(length))
    }
}

/// A wait that can be kept in a `dyn Clock`.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The machine's clock, or that of the database.
///
/// On PostgreSQL the database's time is measured at connect and every minute, so that replicas whose clocks
/// differ agree about what is due. Between two measurements the clock goes on by how long it has run, so
/// that a time of day that is set on this machine is never believed.
#[derive(Debug)]
pub struct SystemClock {
    /// The machine's time when it began.
    began_at: Time,
    began: Instant,
    /// By how much [`SystemClock::steady`] is corrected; [`NONE`] before the first measurement.
    offset_us: AtomicI64,
}

/// No offset was measured.
const NONE: i64 = i64::MIN;

/// Longest single wait. Timers stand still while a machine is suspended and know nothing of a
/// clock that is set, so the time is looked at again this often.
const SLICE: Duration = Duration::from_secs(1);

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            began_at: machine_time(),
            began: instant(),
            offset_us: AtomicI64::new(NONE),
        }
    }
}

impl SystemClock {
    /// A clock without an offset.
    pub fn new() -> Self {
        Self::default()
    }

    /// The machine's own time.
    pub fn uncorrected(&self) -> Time {
        machine_time()
    }

    /// The time at which the clock began, and how long it has run since: what an offset is measured
    /// against.
    pub fn steady(&self) -> Time {
        let running = TimeDelta::from_std(self.running()).unwrap_or_default();
        (self.began_at + running).trunc_subsecs(6)
    }

    /// Shows the [steady](SystemClock::steady) time plus `offset` from now on.
    pub fn set_offset(&self, offset: TimeDelta) {
        // Beyond 292,000 years there is nothing to correct.
        let micros = offset.num_microseconds().unwrap_or_default();
        self.offset_us.store(micros, Ordering::Relaxed);
    }

    /// By how much the steady time is corrected; `None` while the machine's time is shown.
    pub fn offset(&self) -> Option<TimeDelta> {
        let micros = self.offset_us.load(Ordering::Relaxed);
        (micros != NONE).then(|| TimeDelta::microseconds(micros))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Time {
        let Some(offset) = self.offset() else {
            return self.uncorrected();
        };
        let steady = self.steady();
        steady.checked_add_signed(offset).unwrap_or(steady)
    }

    fn sleep_until(&self, at: Time) -> Sleep<'_> {
        Box::pin(async move {
            while let Some(slice) = next_slice(self.now(), at) {
                wait(slice).await;
            }
        })
    }

    fn running(&self) -> Duration {
        instant().duration_since(self.began)
    }

    fn pause_until(&self, running: Duration) -> Sleep<'_> {
        Box::pin(async move {
            let left = running.saturating_sub(self.running());
            if !left.is_zero() {
                wait(left).await;
            }
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's clock"
)]
fn instant() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's clock"
)]
fn machine_time() -> Time {
    Utc::now().trunc_subsecs(6)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that waits for real time"
)]
async fn wait(length: Duration) {
    tokio::time::sleep(length).await;
}

/// How long to wait before looking at the time again; `None` once `at` is reached.
fn next_slice(now: Time, at: Time) -> Option<Duration> {
    let left = (at - now).to_std().ok()?;
    (!left.is_zero()).then(|| left.min(SLICE))
}

/// A clock that stands still until it is told to move: for tests, and for playing out what would
/// happen when.
#[derive(Debug)]
pub struct ManualClock {
    hands: watch::Sender<Hands>,
}

/// What a clock that is moved by hand shows.
#[derive(Debug, Clone, Copy)]
struct Hands {
    now: Time,
    running: Duration,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn new(start: Time) -> Self {
        Self {
            hands: watch::Sender::new(Hands {
                now: start.trunc_subsecs(6),
                running: Duration::ZERO,
            }),
        }
    }

    /// Moves on by `step` and wakes whoever waited for a time up to then.
    pub fn advance(&self, step: TimeDelta) {
        self.set(self.now() + step);
    }

    /// Shows `at` from now on, earlier or later, and wakes whoever waited for a time up to then. Set
    /// back, it has run no longer than before; set on, it has run through all that lies between.
    pub fn set(&self, at: Time) {
        let at = at.trunc_subsecs(6);
        self.hands.send_modify(|hands| {
            hands.running += (at - hands.now).to_std().unwrap_or_default();
            hands.now = at;
        });
    }

    /// How many waits are under way: a test that steps the clock can see that a loop is asleep.
    pub fn sleepers(&self) -> usize {
        self.hands.receiver_count()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        self.hands.borrow().now
    }

    fn sleep_until(&self, at: Time) -> Sleep<'_> {
        let mut hands = self.hands.subscribe();
        Box::pin(async move {
            // The sender lives in `self`, which this future borrows, so it cannot be gone.
            let _ = hands.wait_for(|hands| hands.now >= at).await;
        })
    }

    fn running(&self) -> Duration {
        self.hands.borrow().running
    }

    fn pause_until(&self, running: Duration) -> Sleep<'_> {
        let mut hands = self.hands.subscribe();
        Box::pin(async move {
            // The sender lives in `self`, which this future borrows, so it cannot be gone.
            let _ = hands.wait_for(|hands| hands.running >= running).await;
        })
    }
}

/// The machine's clock, ahead by as much as somebody wished: in practice nobody waits an hour for a
/// reminder. It never goes back.
#[derive(Debug)]
pub struct PracticeClock {
    machine: SystemClock,
    ahead: watch::Sender<TimeDelta>,
}

impl PracticeClock {
    /// A clock that runs so far ahead of the machine's; less than nothing counts as nothing.
    pub fn new(ahead: TimeDelta) -> Self {
        Self {
            machine: SystemClock::new(),
            ahead: watch::Sender::new(ahead.max(TimeDelta::zero())),
        }
    }

    /// How far it runs ahead.
    pub fn ahead(&self) -> TimeDelta {
        *self.ahead.borrow()
    }

    /// Runs so far ahead from now on, and wakes whoever waited for a time up to then. A step back is
    /// no step.
    pub fn run_ahead(&self, ahead: TimeDelta) {
        self.ahead
            .send_if_modified(|now| std::mem::replace(now, ahead.max(*now)) < ahead);
    }
}

impl Clock for PracticeClock {
    fn now(&self) -> Time {
        let machine = self.machine.now();
        machine.checked_add_signed(self.ahead()).unwrap_or(machine)
    }

    fn sleep_until(&self, at: Time) -> Sleep<'_> {
        let mut moved = self.ahead.subscribe();
        Box::pin(async move {
            loop {
                // Seen before the time is read, so that a move in between is not slept through.
                moved.mark_unchanged();
                let now = self.now();
                if now >= at {
                    return;
                }
                let machine = self.machine.now() + (at - now);
                tokio::select! {
                    () = self.machine.sleep_until(machine) => {}
                    // The sender lives in `self`, so it cannot be gone.
                    _ = moved.changed() => {}
                }
            }
        })
    }

    fn running(&self) -> Duration {
        let ahead = self.ahead().to_std().unwrap_or_default();
        self.machine.running().saturating_add(ahead)
    }

    fn pause_until(&self, running: Duration) -> Sleep<'_> {
        let mut moved = self.ahead.subscribe();
        Box::pin(async move {
            loop {
                moved.mark_unchanged();
                let left = running.saturating_sub(self.running());
                if left.is_zero() {
                    return;
                }
                tokio::select! {
                    () = self.machine.pause(left) => {}
                    _ = moved.changed() => {}
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        task::{Context, Poll, Waker},
    };

    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn poll(sleep: &mut Sleep<'_>) -> Poll<()> {
        sleep.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_manual_clock_shows_what_it_was_set_to_cut_to_microseconds() {
        let clock = ManualClock::new(at("2026-11-23T13:20:00.123456789Z"));
        assert_eq!(clock.now(), at("2026-11-23T13:20:00.123456Z"));
        clock.advance(TimeDelta::hours(1));
        assert_eq!(clock.now(), at("2026-11-23T14:20:00.123456Z"));
        clock.set(at("2026-11-23T09:00:00Z"));
        assert_eq!(clock.now(), at("2026-11-23T09:00:00Z"));
    }

    #[test]
    fn a_sleeper_wakes_when_its_time_is_reached_and_not_before() {
        let clock = ManualClock::new(at("2026-11-23T13:20:00Z"));
        let mut sleep = clock.sleep_until(at("2026-11-23T14:40:00Z"));
        assert!(poll(&mut sleep).is_pending());
        clock.advance(TimeDelta::minutes(79));
        assert!(poll(&mut sleep).is_pending());
        clock.advance(TimeDelta::minutes(1));
        assert!(poll(&mut sleep).is_ready());
    }

    #[test]
    fn a_time_that_has_passed_is_not_waited_for() {
        let clock = ManualClock::new(at("2026-11-23T13:20:00Z"));
        assert!(poll(&mut clock.sleep_until(at("2026-11-23T13:20:00Z"))).is_ready());
        let system = SystemClock::new();
        assert!(poll(&mut system.sleep_until(at("2020-01-01T00:00:00Z"))).is_ready());
    }

    #[tokio::test]
    async fn a_task_that_sleeps_goes_on_when_the_clock_is_moved() {
        let clock = Arc::new(ManualClock::new(at("2026-11-23T13:20:00Z")));
        let task = tokio::spawn({
            let clock = Arc::clone(&clock);
            async move {
                clock.sleep_until(at("2026-11-23T14:40:00Z")).await;
                clock.now()
            }
        });
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        clock.advance(TimeDelta::hours(2));
        assert_eq!(task.await.unwrap(), at("2026-11-23T15:20:00Z"));
        assert_eq!(clock.sleepers(), 0);
    }

    #[test]
    fn the_system_clock_is_corrected_by_its_offset() {
        let clock = SystemClock::new();
        clock.set_offset(TimeDelta::days(365));
        let shown = clock.now() - clock.uncorrected();
        assert!((TimeDelta::days(364)..TimeDelta::days(366)).contains(&shown));
        assert_eq!(clock.offset(), Some(TimeDelta::days(365)));
    }

    #[test]
    fn the_system_clock_counts_in_microseconds() {
        let clock = SystemClock::new();
        assert_eq!(clock.now().timestamp_subsec_nanos() % 1_000, 0);
    }

    #[test]
    fn a_long_wait_is_cut_into_slices_and_a_passed_time_into_none() {
        let now = at("2026-11-23T13:20:00Z");
        assert_eq!(next_slice(now, now + TimeDelta::hours(1)), Some(SLICE));
        assert_eq!(
            next_slice(now, now + TimeDelta::milliseconds(20)),
            Some(Duration::from_millis(20))
        );
        assert_eq!(next_slice(now, now), None);
        assert_eq!(next_slice(now, now - TimeDelta::hours(1)), None);
    }

    #[test]
    fn a_pause_goes_on_while_the_time_of_day_is_set_back() {
        let clock = ManualClock::new(at("2026-11-23T13:20:00Z"));
        let mut pause = clock.pause(Duration::from_secs(2));
        clock.set(at("2026-11-23T12:20:00Z"));
        assert!(poll(&mut pause).is_pending());
        clock.advance(TimeDelta::seconds(1));
        assert!(poll(&mut pause).is_pending());
        clock.advance(TimeDelta::seconds(1));
        assert!(poll(&mut pause).is_ready());
        assert_eq!(clock.running(), Duration::from_secs(2));
    }

    #[test]
    fn a_practice_clock_moved_on_ends_the_pauses_that_lie_between() {
        let clock = PracticeClock::new(TimeDelta::zero());
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().build().unwrap();
        let _inside = runtime.enter();
        let mut short = clock.pause(Duration::from_secs(540));
        let mut long = clock.pause(Duration::from_secs(32_400));
        assert!(poll(&mut short).is_pending());
        assert!(poll(&mut long).is_pending());
        clock.run_ahead(TimeDelta::minutes(10));
        assert!(poll(&mut short).is_ready());
        assert!(poll(&mut long).is_pending());
    }

    #[test]
    fn a_practice_clock_moved_on_wakes_those_whose_time_has_come_and_never_goes_back() {
        let clock = PracticeClock::new(TimeDelta::minutes(-5));
        assert_eq!(clock.ahead(), TimeDelta::zero());
        let start = clock.now();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().build().unwrap();
        let _inside = runtime.enter();
        let mut soon = clock.sleep_until(start + TimeDelta::minutes(9));
        let mut late = clock.sleep_until(start + TimeDelta::hours(9));
        assert!(poll(&mut soon).is_pending());
        assert!(poll(&mut late).is_pending());
        clock.run_ahead(TimeDelta::minutes(10));
        assert!(poll(&mut soon).is_ready());
        assert!(poll(&mut late).is_pending());
        assert!(clock.now() >= start + TimeDelta::minutes(10));
        clock.run_ahead(TimeDelta::minutes(3));
        assert_eq!(clock.ahead(), TimeDelta::minutes(10));
    }
}
