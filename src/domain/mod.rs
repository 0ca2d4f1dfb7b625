//! The rules of the trade: plain data in, plain data out.
//!
//! Nothing here is async, reads a clock, a file, the environment or a random number, or writes a
//! log. Whatever a decision depends on is an argument; whatever it decides is its result.
//!
//! Read it in the order in which a command travels: [`command`], [`incident`], [`resolution`],
//! [`notification`], [`delivery`].

pub mod ask;
pub mod audience;
pub mod chain;
pub mod channel;
pub mod checker;
pub mod clock;
pub mod command;
pub mod correction;
pub mod decide;
pub mod delivery;
pub mod directory;
pub mod event;
pub mod facts;
pub mod fault;
#[cfg(test)]
pub(crate) mod fixture;
pub mod ids;
pub mod incident;
pub mod nearest;
pub mod notification;
pub mod plan;
pub mod playbook;
pub mod policy;
pub mod policy_file;
pub mod proof;
pub mod redact;
pub mod resolution;
pub mod room;
pub mod saying;
pub mod shown;
pub mod situation;
pub mod slack_scopes;
pub mod stored;
pub mod text;
pub mod time;
pub mod timeline;
pub mod triage;
pub mod variant;
pub mod verbs;
pub mod when;
pub mod wording;
pub mod zone;

pub use audience::Audience;
pub use ids::{
    Address, ChannelName, DeliveryId, DestinationId, FactorId, GroupId, IncidentId, MessageId,
    NotificationId, OrganisationId, PersonId, PriorityId, RoleId, RuleId, ServiceId, StepId,
};
pub use time::Time;
