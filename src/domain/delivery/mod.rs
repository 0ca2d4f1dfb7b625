//! A delivery: its states, what a try at it means, and what follows from that.
//!
//! [`after`] is the state machine. It decides; the outbox in `store` keeps what it decided, and
//! `app::deliver` does it. What is promised: a late success wins over every state that is not
//! final, a late failure over none, and a message that may be out is never treated as one that is
//! not.

mod again;
mod breaker;
mod forecast;
mod look;
mod next;
mod order;
mod outcome;
mod planned;
mod schedule;
mod state;

pub use again::{Again, Failed, RetryWay, SaidThere, anew, moved};
pub use breaker::{Breaker, Passage};
pub use forecast::{Forecast, Queue};
pub use look::{Approach, Look, approach};
pub use next::{LaneEffect, Next, Sign, Tried, after};
pub use order::{order_key, supersedes};
pub use outcome::{Class, OnUncertain, Outcome};
pub use planned::{
    Fallback, Grounds, NewDelivery, NewMessage, NewNotification, NewWithheld, RecordedReason,
    ToldPerson,
};
pub use schedule::throttled;
pub use state::State;
