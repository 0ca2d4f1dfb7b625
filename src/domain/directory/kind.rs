//! The seven lists of which a directory consists.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One of the lists. The name is that of the file, the sheet and the key that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Organisations, ours or external.
    Organisations,
    /// Services.
    Services,
    /// People.
    People,
    /// Groups and their members.
    Groups,
    /// Addresses that are not people.
    Destinations,
    /// Who in an organisation hears about a service.
    Contacts,
    /// Who holds which role on a service.
    Roles,
}

impl Kind {
    /// All seven, in an order in which most references point backwards.
    pub const ALL: [Self; 7] = [
        Self::Organisations,
        Self::Destinations,
        Self::Services,
        Self::People,
        Self::Groups,
        Self::Contacts,
        Self::Roles,
    ];

    /// The name of its file (without ending), sheet or key.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organisations => "organisations",
            Self::Services => "services",
            Self::People => "people",
            Self::Groups => "groups",
            Self::Destinations => "destinations",
            Self::Contacts => "contacts",
            Self::Roles => "roles",
        }
    }

    /// One of them, as people call it.
    pub fn singular(self) -> &'static str {
        match self {
            Self::Organisations => "organisation",
            Self::Services => "service",
            Self::People => "person",
            Self::Groups => "group",
            Self::Destinations => "destination",
            Self::Contacts => "contact",
            Self::Roles => "role holding",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.trim().to_lowercase();
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == wanted)
            .ok_or_else(|| {
                format!(
                    "\"{text}\" is not a list of the directory: use organisations, services, \
                     people, groups, destinations, contacts or roles"
                )
            })
    }
}
