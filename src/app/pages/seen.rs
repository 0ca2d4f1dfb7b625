//! "I have seen this", on a page.

use super::{AboutIncident, Opened, Pressed, actor, at, is_repeat};
use crate::{
    app::{App, Error, Mode},
    domain::command::{Asked, Command},
};

/// The page on which people say that they have seen it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPage {
    /// Which incident, and who may answer.
    pub about: AboutIncident,
    /// Who said so already, and when.
    pub said: Vec<(String, String)>,
    /// Those of whom it is not known yet.
    pub open: Vec<super::Somebody>,
}

impl App {
    pub(super) async fn seen_page(&self, opened: &Opened) -> Result<SeenPage, Error> {
        let seen = &opened.story.incident.seen;
        let about = self
            .about_incident(opened, |person| seen.contains_key(person))
            .await?;
        let (mut said, mut open) = (Vec::new(), Vec::new());
        for who in &about.people {
            match seen.get(&who.id).and_then(|asked| asked.said_at) {
                Some(time) => said.push((who.name.clone(), at(&opened.clock, time))),
                None => open.push(who.clone()),
            }
        }
        Ok(SeenPage { about, said, open })
    }

    pub(super) async fn press_seen(
        &self,
        opened: Opened,
        token: &str,
        pressed: &Pressed,
    ) -> Result<SeenPage, Error> {
        let page = self.seen_page(&opened).await?;
        let who = page.about.presser(pressed)?;
        let Some(asked) = opened.story.incident.seen.get(&who.id) else {
            return Ok(page);
        };
        if asked.said_at.is_some() {
            return Ok(page);
        }
        let request = Asked {
            command: Command::Seen { person: None },
            actor: actor(who),
            // The same question once, whichever message it was in.
            request_key: format!("seen:{}:{}", opened.id, asked.at.timestamp_micros()),
            seen_revision: None,
            typed: None,
        };
        match self.change(opened.id, request, Mode::Commit).await {
            Err(error) if !is_repeat(&error) => Err(error),
            _ => self.seen_page(&self.open(token).await?).await,
        }
    }
}
