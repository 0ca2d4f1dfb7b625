//! How long until the next try, by what came of the last one.

use std::time::Duration;

use super::Class;

/// Seconds after the first, second, … try; the last goes on until the deadline.
const NOT_SENT: [u64; 6] = [1, 2, 5, 10, 30, 60];
/// Long enough towards the end for servers that refuse strangers at first.
const REMOTE_TEMPORARY: [u64; 9] = [5, 15, 30, 60, 120, 300, 600, 900, 1_800];
/// The first two leave the provider time to show what it has; then as any temporary trouble.
const UNCERTAIN: [u64; 8] = [5, 30, 60, 120, 300, 600, 900, 1_800];

/// Wrong settings are looked at again this often, so that a repair needs no restart.
const PROBE: Duration = Duration::from_secs(60);

/// A provider that asks for less, or more, than this is taken to mean it.
const THROTTLE_LEAST: Duration = Duration::from_secs(1);
const THROTTLE_MOST: Duration = Duration::from_secs(3_600);
/// When it does not say how long: this, doubling with every further time in a row.
const THROTTLE_UNSAID: Duration = Duration::from_secs(30);

/// The wait before the next try. `attempts` counts the tries so far, this one included; `jitter`
/// from 0 to 1 spreads the waits by a fifth either way, so that ten thousand failures do not come
/// back in the same second. `None`: there is no next try by itself.
pub(super) fn wait(class: Class, attempts: u32, jitter: f64) -> Option<Duration> {
    let steps: &[u64] = match class {
        Class::NotSent => &NOT_SENT,
        Class::RemoteTemporary => &REMOTE_TEMPORARY,
        Class::Uncertain => &UNCERTAIN,
        // Exactly what was asked for: less is rude, and the lane is what keeps it.
        Class::Throttled { after_ms } => return Some(throttled(after_ms, 1)),
        Class::BadConfiguration => return Some(PROBE),
        Class::BadPayload => return Some(Duration::ZERO),
        Class::Accepted | Class::Delivered | Class::BadDestination | Class::Refused => {
            return None;
        }
    };
    let step = (attempts.max(1) as usize - 1).min(steps.len() - 1);
    let spread = 0.8 + 0.4 * jitter.clamp(0.0, 1.0);
    Some(Duration::from_secs(steps[step]).mul_f64(spread))
}

/// How long a lane rests after being told that it is too fast, for the `times`th time in a row.
pub fn throttled(after_ms: Option<u64>, times: u32) -> Duration {
    match after_ms {
        Some(ms) => Duration::from_millis(ms).clamp(THROTTLE_LEAST, THROTTLE_MOST),
        None => THROTTLE_UNSAID
            .saturating_mul(1 << times.saturating_sub(1).min(10))
            .min(THROTTLE_MOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(class: Class) -> Vec<u64> {
        (1..=10)
            .filter_map(|attempts| wait(class, attempts, 0.5))
            .map(|wait| wait.as_secs())
            .collect()
    }

    #[test]
    fn each_class_has_its_own_schedule() {
        assert_eq!(waits(Class::NotSent), [1, 2, 5, 10, 30, 60, 60, 60, 60, 60]);
        assert_eq!(
            waits(Class::RemoteTemporary),
            [5, 15, 30, 60, 120, 300, 600, 900, 1_800, 1_800]
        );
        assert_eq!(
            waits(Class::Uncertain),
            [5, 30, 60, 120, 300, 600, 900, 1_800, 1_800, 1_800]
        );
        assert_eq!(waits(Class::BadConfiguration), [60; 10]);
        assert!(waits(Class::BadDestination).is_empty());
    }

    #[test]
    fn waits_are_spread_by_a_fifth_either_way() {
        let at = |jitter| wait(Class::NotSent, 4, jitter).map(|wait| wait.as_millis());
        assert_eq!(at(0.0), Some(8_000));
        assert_eq!(at(1.0), Some(12_000));
    }

    #[test]
    fn a_provider_that_says_how_long_is_taken_at_its_word_within_reason() {
        assert_eq!(throttled(Some(17_000), 3), Duration::from_secs(17));
        assert_eq!(throttled(Some(0), 1), Duration::from_secs(1));
        assert_eq!(throttled(Some(u64::MAX), 1), Duration::from_secs(3_600));
    }

    #[test]
    fn a_provider_that_does_not_say_is_given_twice_as_long_each_time() {
        let secs = |times| throttled(None, times).as_secs();
        assert_eq!([secs(1), secs(2), secs(3)], [30, 60, 120]);
        assert_eq!(secs(u32::MAX), 3_600);
    }
}
