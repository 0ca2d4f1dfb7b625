//! What use cases answer, the same at every door, in names that others script against.
//!
//! These are plain copies, with texts instead of domain types: what a script reads must not change
//! because a type inside did.

mod explain;
mod receipt;
mod record;
mod status;
mod who;

pub use explain::{ExplainAnswer, NotToldAnswer};
pub use receipt::{FindingAnswer, Progress, Receipt, RetryAnswer, WordsAnswer};
pub use record::{DeliveryAnswer, EventAnswer};
pub use status::{
    AwaitingAnswer, LeadAnswer, PromiseAnswer, SeenAnswer, SeenPerson, StatusAnswer, StepAnswer,
    SummaryAnswer, TimelineAnswer,
};
pub use who::{
    AgainstAnswer, ChoiceAnswer, ReasonAnswer, RecipientAnswer, TotalsAnswer, WhoAnswer,
    WithheldAnswer,
};
