//! The outbox: what is to be said is durable before anybody is told.
//!
//! [`enqueue()`] writes in the caller's transaction; `app::deliver` claims what goes on the wire now,
//! sends it and completes it. What is guaranteed here:
//!
//! - **One owner at a time.** A claim writes a lease with a token; whatever ends a try names the
//!   token, so that a worker that lost its lease changes nothing but what a success must change.
//! - **Nothing is decided on rows that nobody holds.** A command [`hold()`]s the deliveries of its incident
//!   before it reads who was told; tries and deadlines [`share`] an incident, or leave it for later.
//! - **Order.** A delivery that has to wait for an earlier one names it in `blocked_by`, which is
//!   set here and cleared with the earlier one's end, so that the claim stays one index scan.
//! - **One commit.** Completions, their attempts, fallbacks and the next claim share a transaction.
//!
//! Every statement takes the time as a parameter; SQL never asks a clock of its own.

mod addresses;
mod again;
mod ask;
mod audit;
mod awaiting;
mod claim;
mod complete;
mod crowd;
mod earlier;
mod enqueue;
mod fallback;
mod figures;
mod held_up;
mod history;
mod hold;
mod lanes;
mod link;
mod log;
mod notify;
mod recipients;
mod refused;
mod sql;
mod standing;
mod stopped;
mod stranded;
mod sweep;
mod verbs;
mod watch;
mod written;

pub use addresses::{
    BadAddress, bad_addresses, flag_address, forget_old_flags, heal_address, heal_channel,
    heal_there, is_bad_address, marked,
};
pub use again::{failed, replace, said_there};
pub use ask::{pending_of, posts_of, thread_of, words_of};
pub use audit::{Audit, FINDING, Finding, Round, audit, is_counted_again};
pub use awaiting::{Awaiting, awaiting};
pub use claim::{
    Claimed, Share, UNREAD, claim, due_lanes, extend, held_by, lapsed, release, senders,
};
pub use complete::{Completion, Flag, Settled, attempt_id, complete, wire_digest};
pub use crowd::{MOST_WAITING, Queued, queued, waiting};
pub use earlier::end_waiting;
pub use enqueue::{Enqueued, MOST_DELIVERIES, enqueue};
pub use figures::{backlog, counts};
pub use held_up::{HeldUp, held_up, stopped_lanes};
pub use history::{history, outside_waits, people_reached, sending, told_by, told_of};
pub use hold::{hold, share};
pub use lanes::{Lane, LaneStatus, lanes, save_lane};
pub use log::{LogPage, Logged, LoggedAttempt, attempts_of, logged_delivery, send_log};
pub use notify::{Listener, announce, listen};
pub use standing::{Counts, Standing, counts_of, latest_of, notifications_about, notifications_of};
pub use stranded::let_go_stranded;
pub use sweep::{Swept, sweep};
pub use verbs::{Filter, Retried, approve, cancel, retry};
pub use written::written;
