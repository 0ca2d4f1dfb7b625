//! An admitted call, with the door that it came through and what its token vouched for.

use super::{activity::Activity, door::TeamsDoor, token::Vouched};
use crate::{
    app::Members,
    channels::BoxFuture,
    domain::{delivery::Outcome, event::Door},
    web::chat::Place,
};

/// See the module.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    pub(super) door: &'a TeamsDoor,
    pub(super) at: &'a Vouched,
    pub(super) call: &'a Activity,
}

impl Here<'_> {
    /// Where it was said, and by whom. `request_key` and `thread` are those of the call.
    pub(super) fn place<'a>(&'a self, request_key: &'a str, thread: Option<&'a str>) -> Place<'a> {
        Place {
            door: Door::Teams,
            channel: &self.door.channel,
            // The token's user; what a card carries says nothing about who taps.
            speaker: &self.call.from.aad_object_id,
            members: Some(self),
            conversation: self.call.address(),
            thread,
            is_private: self.call.is_personal(),
            prefix: "@Oyez ",
            request_key,
            forms_first: false,
        }
    }
}

impl Members for Here<'_> {
    fn mails<'a>(&'a self, address: &'a str) -> BoxFuture<'a, Result<Vec<String>, Outcome>> {
        let conversation = self.call.root().0;
        let asked = self
            .door
            .bot
            .mails(&self.at.service_url, conversation, address);
        Box::pin(async move {
            match asked.await {
                Err(outcome) => {
                    tracing::warn!(
                        class = outcome.class.as_str(),
                        "Teams does not say who somebody is"
                    );
                    Err(outcome)
                }
                mails => mails,
            }
        })
    }
}
