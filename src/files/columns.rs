//! The columns of each list: headings in CSV and XLSX, keys in YAML.
//!
//! Headings are read without regard to case, and blanks and hyphens count as `_`. Beside these,
//! the people have one column per channel (`email`, `notify_sms`), for the addresses there.

use crate::domain::{ChannelName, directory::Kind, nearest::fix_for, text::bare};

/// A column that a list can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    /// One of the list's own.
    Named(&'static str),
    /// A person's addresses on one channel.
    Channel(ChannelName),
}

impl Column {
    /// As it is written at the top of a file.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Channel(channel) => channel.as_str(),
        }
    }

    /// Whether people read what stands there; all else is read by programs.
    pub(super) fn is_for_people(&self) -> bool {
        matches!(
            self.name(),
            "name" | "outside_name" | "programme" | "tags" | "support_queue"
        )
    }
}

/// The columns of a list, in the order in which they are written.
pub fn names(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Organisations => &["id", "name", "external"],
        Kind::Destinations => &["id", "name", "channel", "address", "organisation"],
        Kind::Services => &[
            "id",
            "name",
            "outside_name",
            "programme",
            "tags",
            "tier",
            "organisation",
            "depends_on",
            "status_page",
            "support_queue",
            "disaster_recovery",
            "destinations",
        ],
        Kind::People => &[
            "id",
            "name",
            "organisation",
            "addresses",
            "time_zone",
            "working_days",
            "working_from",
            "working_until",
            "muted_until",
        ],
        Kind::Groups => &["id", "name", "people", "groups"],
        Kind::Contacts => &["organisation", "service", "person"],
        Kind::Roles => &["service", "role", "person"],
    }
}

/// The columns without which a list says nothing.
pub fn required(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Contacts | Kind::Roles => names(kind),
        _ => &["id"],
    }
}

/// The column with this heading, or the fix.
pub(super) fn find(kind: Kind, heading: &str, channels: &[ChannelName]) -> Result<Column, String> {
    let wanted: String = bare(heading)
        .to_lowercase()
        .chars()
        .map(|c| {
            if c.is_whitespace() || c == '-' {
                '_'
            } else {
                c
            }
        })
        .collect();
    if let Some(name) = names(kind).iter().find(|name| **name == wanted) {
        return Ok(Column::Named(name));
    }
    let channels: &[ChannelName] = if kind == Kind::People { channels } else { &[] };
    if let Some(channel) = channels.iter().find(|channel| channel.as_str() == wanted) {
        return Ok(Column::Channel(channel.clone()));
    }
    let known = names(kind).iter().copied();
    let known = known.chain(channels.iter().map(ChannelName::as_str));
    let otherwise = format!(
        "Rename it to one of {}, or delete it.",
        names(kind).join(", ")
    );
    Err(fix_for(&wanted, known, &otherwise))
}
