//! One file per table.

#![allow(
    clippy::disallowed_methods,
    reason = "sea-orm's derives write calls of `begin` that nothing of ours makes"
)]

pub mod api_token;
pub mod attempt;
pub mod bad_address;
pub mod conversation;
pub mod counter;
pub mod delivery;
pub mod destination;
pub mod draft;
pub mod event;
pub mod fault;
pub mod grp;
pub mod incident;
pub mod incident_member;
pub mod incident_service;
pub mod lane;
pub mod message;
pub mod notification;
pub mod organisation;
pub mod person;
pub mod policy_version;
pub mod recipient;
pub mod request;
pub mod role_holding;
pub mod room;
pub mod service;
pub mod setting;
pub mod timer;
