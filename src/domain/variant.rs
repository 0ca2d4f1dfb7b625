//! What differs between readers of one message beside what is one reader's own: a short closed list, so that
//! words are rendered once for each and not once for each reader.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How the readers of a message stand towards the incident; for a stand-down, why they are told no more.
/// Where several share an address, the first of the list counts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// They follow every update.
    #[default]
    Follows,
    /// They hear next that it is fixed: only rules that are limited to a moment or to hours name them.
    UntilFixed,
    /// They get this message alone: they heard nothing before it, and it is the last.
    Alone,
    /// Stood down: no service for which they were told is part of the incident any more.
    ServiceLeft,
    /// Stood down: it is less serious, and their rules are about more serious ones.
    LessSerious,
    /// Stood down: their rules are about another stage.
    OtherStage,
    /// Stood down: no way of their rules reaches them any more.
    OutOfReach,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Follows,
        Self::UntilFixed,
        Self::Alone,
        Self::ServiceLeft,
        Self::LessSerious,
        Self::OtherStage,
        Self::OutOfReach,
    ];

    /// As it is stored, and as the digests of the record take it: for those who follow it is empty, as
    /// in what was written before there were variants.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Follows => "",
            Self::UntilFixed => "until-fixed",
            Self::Alone => "alone",
            Self::ServiceLeft => "service-left",
            Self::LessSerious => "less-serious",
            Self::OtherStage => "other-stage",
            Self::OutOfReach => "out-of-reach",
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Variant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all = Self::ALL.into_iter();
        all.find(|variant| variant.as_str() == text)
            .ok_or_else(|| format!("\"{text}\" is not a variant of a message"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_is_read_as_it_is_stored() {
        for variant in Variant::ALL {
            assert_eq!(variant.as_str().parse(), Ok(variant));
        }
        assert!("unheard-of".parse::<Variant>().is_err());
    }
}
