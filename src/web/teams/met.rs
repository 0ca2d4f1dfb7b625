//! Where the bot was met, as each admitted call says: what it needs to write to somebody first.

use super::here::Here;
use crate::{
    app::{App, Error},
    domain::channel::Conversation,
};

/// Keeps the conversation of a call, or forgets it if the call says that the bot was removed.
pub(super) async fn note(app: &App, here: Here<'_>) {
    let Here { door, call, .. } = here;
    let is_over = call.removes_us() || (call.kind == "installationUpdate" && call.uninstalls());
    let noted = if is_over {
        let id = call.root().0;
        app.parted(&door.channel, call.address(), id).await
    } else {
        keep(app, here).await
    };
    if let Err(error) = noted {
        tracing::warn!(
            code = error.code,
            chain = error.chain(),
            "a conversation in Teams could not be noted"
        );
    }
}

async fn keep(app: &App, Here { door, at, call }: Here<'_>) -> Result<(), Error> {
    let conversation = Conversation {
        id: call.root().0.to_owned(),
        service_url: at.service_url.clone(),
        kind: call.conversation.conversation_type.clone(),
        member: call
            .is_personal()
            .then(|| call.from.id.clone())
            .filter(|id| !id.is_empty()),
    };
    app.met(&door.channel, call.address(), &conversation).await
}
