//! What a channel can do where incidents have places of their own: rooms.

use super::BoxFuture;
use crate::domain::{Address, delivery::Outcome, incident::Incident, time::Time};

/// What a conversation is that we made for an incident, as
/// [`Conversation::kind`](crate::domain::channel::Conversation::kind) says it.
pub const ROOM: &str = "room";

/// What came of opening a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// It is there.
    Room(Address),
    /// Somebody else has a place of this name.
    NameTaken,
}

/// Makes rooms and looks after them. Everything may be asked again: what is there already is well.
/// Takes as long as the protocol allows, never longer; never panics. An error says what to fix, and
/// by its class whether another try may help.
pub trait Rooms: Send + Sync {
    /// What the room of an incident is called, if so many names before it were taken by others.
    fn name(&self, incident: &Incident, taken: u32) -> String;

    /// Makes a room; or finds it, if we made it and the answer was lost. What we made before `since`
    /// was not for this.
    fn open<'a>(&'a self, name: &'a str, since: Time) -> BoxFuture<'a, Result<Opened, Outcome>>;

    /// Asks people in. Whom the other side does not let in is passed over.
    fn invite<'a>(
        &'a self,
        room: &'a Address,
        people: &'a [Address],
    ) -> BoxFuture<'a, Result<(), Outcome>>;

    /// Writes above the room what it is about.
    fn set_topic<'a>(
        &'a self,
        room: &'a Address,
        topic: &'a str,
    ) -> BoxFuture<'a, Result<(), Outcome>>;

    /// Whether an address is a place where several read, so that the room can be pointed to there.
    fn is_place(&self, address: &Address) -> bool;

    /// Says below a post, by the other side's id of it, where the incident is worked on.
    fn point<'a>(&'a self, post: &'a str, room: &'a Address) -> BoxFuture<'a, Result<(), Outcome>>;
}
