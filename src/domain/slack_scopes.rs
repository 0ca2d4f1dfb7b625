//! What a Slack app must be allowed: its manifest asks for it, and the doctor compares.

/// A permission, by Slack's name, and what does not work without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// As Slack calls it.
    pub name: &'static str,
    /// What does not work without it, as the end of a sentence.
    pub without: &'static str,
}

const fn scope(name: &'static str, without: &'static str) -> Scope {
    Scope { name, without }
}

/// To tell people, and to look up what became of a message.
pub const TO_TELL: [Scope; 6] = [
    scope(
        "channels:history",
        "messages in doubt cannot be looked up in public channels",
    ),
    scope("chat:write", "nothing can be posted"),
    scope(
        "chat:write.public",
        "nothing can be posted in channels without the app in them",
    ),
    scope(
        "groups:history",
        "messages in doubt cannot be looked up in private channels",
    ),
    scope(
        "im:history",
        "what people write to the app itself is not read",
    ),
    scope("im:write", "nobody can be written to directly"),
];

/// To be spoken to.
pub const TO_LISTEN: [Scope; 4] = [
    scope("app_mentions:read", "mentions are not answered"),
    scope("commands", "the command is not there"),
    scope("users:read", "people are not known by their mail address"),
    scope(
        "users:read.email",
        "people are not known by their mail address",
    ),
];

/// To make the channels of incidents, ask people in and set topics; and to find one whose making was not
/// answered.
pub const TO_MAKE_CHANNELS: [Scope; 2] = [
    scope("channels:manage", "incidents get no channel of their own"),
    scope(
        "channels:read",
        "a channel whose making was not answered is not found again",
    ),
];

/// Those of `needed` that are not among those granted, which Slack lists with commas.
pub fn missing<'s>(granted: &str, needed: impl IntoIterator<Item = &'s Scope>) -> Vec<&'s Scope> {
    let granted: Vec<&str> = granted.split(',').map(str::trim).collect();
    let lacks = |scope: &&Scope| !granted.contains(&scope.name);
    needed.into_iter().filter(lacks).collect()
}

/// What to do about them, in two sentences; `None` if none is missing.
pub fn sentence(missing: &[&Scope]) -> Option<String> {
    let names: Vec<&str> = missing.iter().map(|scope| scope.name).collect();
    let mut without: Vec<&str> = missing.iter().map(|scope| scope.without).collect();
    without.dedup();
    let which = match names.as_slice() {
        [] => return None,
        [name] => format!("the permission {name}"),
        names => format!("the permissions {}", names.join(", ")),
    };
    Some(format!(
        "The Slack app lacks {which}, so that {}. Add what is missing on the page OAuth & Permissions and install the app again.",
        without.join("; ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_what_does_not_work() {
        let granted = "chat:write, users:read,channels:history";
        let missing = missing(granted, &TO_LISTEN);
        let names: Vec<&str> = missing.iter().map(|scope| scope.name).collect();
        assert_eq!(names, ["app_mentions:read", "commands", "users:read.email"]);
        let sentence = sentence(&missing[2..]).unwrap();
        assert_eq!(
            sentence,
            "The Slack app lacks the permission users:read.email, so that people are not known by \
             their mail address. Add what is missing on the page OAuth & Permissions and install the \
             app again."
        );
        assert_eq!(super::sentence(&[]), None);
    }
}
