//! What the rest of the program knows of a channel: what it is called, what it carries.

use serde::{Deserialize, Serialize};

/// One named piece of a message on a channel, for example a mail's subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The `part` in `templates/<channel>/<moment>.<audience>.<part>.hbs`.
    pub name: &'static str,
    /// How typed text is written into it.
    pub format: Format,
    /// Most bytes of the finished part, reason line included; longer text is cut at a sentence
    /// with a link to the whole.
    pub max_bytes: usize,
}

/// A part of fewer bytes holds the gist of a message and not every fact.
const SHORT_BYTES: usize = 1_000;

/// Most bytes of what is asked of a recipient, link included, where there is room for the gist only:
/// a longer line is left out.
pub const SHORT_ASK_BYTES: usize = 160;

impl Part {
    /// Whether there is room for the gist only: what is wrong or has changed, the reference, the
    /// time of the next update, and where to read the rest.
    pub fn is_short(&self) -> bool {
        self.max_bytes < SHORT_BYTES
    }
}

/// How text that people typed is written so that it appears as typed, and means nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One line of plain text: a subject.
    Line,
    /// Plain text.
    Plain,
    /// HTML.
    Html,
    /// JSON whose strings are Adaptive Card Markdown.
    CardJson,
    /// Slack mrkdwn as text.
    Slack,
    /// JSON whose strings are Slack mrkdwn.
    SlackJson,
    /// JSON whose strings are plain text.
    Json,
}

/// What stands in a rendered part where the recipient's own reason line goes.
///
/// Private-use characters, which the converter removes from typed text, so no person can write it.
pub const REASON_MARK: &str = "\u{E000}reason\u{E001}";

/// A conversation of a chat in which our bot was met, as a checked call named it.
#[derive(Clone, PartialEq, Eq)]
pub struct Conversation {
    /// The other side's id of it.
    pub id: String,
    /// The web address at which it is answered.
    pub service_url: String,
    /// What it is, in the other side's word: in Teams `personal`, `groupChat` or `channel`.
    pub kind: String,
    /// The other side's id of the person, in a chat with one person alone.
    pub member: Option<String>,
}

/// Shows nothing but what it is: the rest is an address.
impl std::fmt::Debug for Conversation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conversation")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
/// What stands in a rendered part where the line goes with which a recipient is asked something,
/// with the link to the page that is theirs alone. In JSON its element goes where nothing is asked.
pub const ASK_MARK: &str = "\u{E000}ask\u{E001}";

/// What stands in an element of a JSON part with which a recipient who is asked for it can say by
/// one tap that they have seen it. The element goes for everybody else.
pub const TAP_MARK: &str = "\u{E000}tap\u{E001}";
