//! What templates may call beside `if`, `unless` and `each`.
//!
//! | helper | writes |
//! |---|---|
//! | `{{words}}` | the shared words of the moment, from `templates/words/` |
//! | `{{#paragraph}}…{{/paragraph}}` | a paragraph |
//! | `{{text fact}}` | a typed text with its paragraphs, lists and links |
//! | `{{labelled "Label" fact}}` | the same under a label |
//! | `{{items fact}}` | a list |
//! | `{{inline fact}}` | a text on one line, its links alive |
//! | `{{plain fact}}` | one line of plain text inside a JSON format, without its markup escaped |
//! | `{{reason}}` | where the recipient's own reason line goes |
//! | `{{ask}}` | where the line goes with which the recipient is asked something, if they are |
//! | `{{tap}}` | marks an element of JSON that only those get who are asked to say that they have seen it |
//! | `{{facts}}` | all facts of the message as one JSON object |

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError,
    RenderErrorReason, Renderable, StringOutput,
};
use serde_json::Value as Json;

use crate::domain::{
    channel::{ASK_MARK, Format, REASON_MARK, TAP_MARK},
    text,
};

use super::{elements, sources::Sources};

/// The names above, with those of the engine that may be used.
pub(super) const ALLOWED: [&str; 14] = [
    "words",
    "paragraph",
    "text",
    "labelled",
    "items",
    "inline",
    "plain",
    "reason",
    "ask",
    "tap",
    "facts",
    "if",
    "unless",
    "each",
];

/// Registers the helpers as this format writes them.
pub(super) fn register(engine: &mut Handlebars<'static>, format: Format) {
    for kind in [
        Kind::Words,
        Kind::Paragraph,
        Kind::Text,
        Kind::Labelled,
        Kind::Items,
        Kind::Inline,
        Kind::Plain,
        Kind::Reason,
        Kind::Ask,
        Kind::Tap,
        Kind::Facts,
    ] {
        engine.register_helper(kind.name(), Box::new(Piece { kind, format }));
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Words,
    Paragraph,
    Text,
    Labelled,
    Items,
    Inline,
    Plain,
    Reason,
    Ask,
    Tap,
    Facts,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Paragraph => "paragraph",
            Self::Text => "text",
            Self::Labelled => "labelled",
            Self::Items => "items",
            Self::Inline => "inline",
            Self::Plain => "plain",
            Self::Reason => "reason",
            Self::Ask => "ask",
            Self::Tap => "tap",
            Self::Facts => "facts",
        }
    }
}

struct Piece {
    kind: Kind,
    format: Format,
}

impl HelperDef for Piece {
    fn call<'reg: 'rc, 'rc>(
        &self,
        call: &Helper<'rc>,
        engine: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let format = self.format;
        match self.kind {
            Kind::Words => {
                let data = context.data();
                let name = |key: &str| data.get(key).and_then(Json::as_str).unwrap_or_default();
                let names = Sources::word_candidates(name("moment"), name("audience"));
                let template = names.iter().find_map(|name| engine.get_template(name));
                let template =
                    template.ok_or_else(|| other("There are no words for this moment"))?;
                return template.render(engine, context, render, out);
            }
            Kind::Paragraph => {
                let template = call
                    .template()
                    .ok_or_else(|| other("A paragraph needs words"))?;
                let mut inside = StringOutput::new();
                template.render(engine, context, render, &mut inside)?;
                let inside = inside.into_string()?;
                let line = inside.split_whitespace().collect::<Vec<_>>().join(" ");
                if !line.is_empty() {
                    out.write(&elements::paragraph(&line, format))?;
                }
            }
            Kind::Text => {
                let blocks = text::parse(text_param(call, 0)?);
                out.write(&elements::blocks(&blocks, format))?;
            }
            Kind::Labelled => {
                let (label, value) = (text_param(call, 0)?, text_param(call, 1)?);
                out.write(&elements::labelled(label, value, format))?;
            }
            Kind::Items => {
                let Some(Json::Array(items)) = call.param(0).map(|param| param.value()) else {
                    return Err(other("items needs a list"));
                };
                let items: Vec<&str> = items.iter().filter_map(Json::as_str).collect();
                out.write(&elements::blocks(&text::list(&items), format))?;
            }
            Kind::Inline => out.write(&text::write_inline(text_param(call, 0)?, format))?,
            Kind::Plain => {
                let format = if text::is_json(format) {
                    Format::Json
                } else {
                    format
                };
                out.write(&text::escape(text_param(call, 0)?, format))?;
            }
            Kind::Reason => out.write(REASON_MARK)?,
            Kind::Ask => out.write(ASK_MARK)?,
            Kind::Tap => out.write(TAP_MARK)?,
            Kind::Facts => out.write(&context.data().to_string())?,
        }
        Ok(())
    }
}

fn text_param<'h, 'rc>(call: &'h Helper<'rc>, index: usize) -> Result<&'h str, RenderError> {
    let param = call.param(index).filter(|param| !param.is_value_missing());
    let param = param.ok_or_else(|| {
        let path = call.param(index).and_then(|param| param.relative_path());
        RenderError::strict_error(path)
    })?;
    param
        .value()
        .as_str()
        .ok_or_else(|| other("This needs a text"))
}

fn other(reason: &str) -> RenderError {
    RenderErrorReason::Other(reason.to_owned()).into()
}
