//! The words: checking and previewing templates.

use std::collections::BTreeMap;

use super::{App, Error, ErrorKind, answers::WordsAnswer};
use crate::domain::{Audience, ChannelName, fault::Fault, nearest, notification::Moment, wording};

impl App {
    /// What is wrong with the templates, the organisation's own and the built-in ones.
    pub fn check_templates(&self) -> Vec<Fault> {
        let mut faults = self.template_faults.clone();
        faults.extend(self.renderer.check());
        faults
    }

    /// The words of one message with sample facts. Unlike a real message it fails loudly.
    pub async fn preview_template(
        &self,
        moment: Moment,
        audience: Audience,
        channel: &ChannelName,
    ) -> Result<WordsAnswer, Error> {
        let way = self.channels.get(channel).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                "unknown-channel",
                format!("No channel \"{channel}\" is live."),
                nearest::fix_for(
                    channel.as_str(),
                    self.channels.keys().map(ChannelName::as_str),
                    "See: oyez doctor",
                ),
            )
        })?;
        let view = wording::sample(moment, audience, false);
        let parts: BTreeMap<String, String> = self
            .renderer
            .preview(channel, way.parts(), moment, audience, &view)
            .map_err(|faults| {
                Error::faults("bad-template", "The template cannot be used.", faults)
            })?;
        Ok(WordsAnswer {
            moment: moment.to_string(),
            audience: audience.to_string(),
            channel: channel.to_string(),
            parts,
        })
    }
}
