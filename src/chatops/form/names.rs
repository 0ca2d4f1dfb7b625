//! Names that were typed into a form because the lists did not have them: the nearest one is taken
//! where it can be no other, since all is shown before it is done.

use std::collections::BTreeSet;

use super::{
    super::grammar::{Scene, listed},
    Filled,
    reading::value,
};
use crate::domain::{ServiceId, command::Refusal, nearest, situation::RecipientId};

/// Whoever was typed, else whoever was chosen; `None` if neither.
pub(super) fn who(scene: &Scene<'_>, filled: &Filled) -> Result<Option<RecipientId>, Refusal> {
    let named = value(filled, "other").or_else(|| value(filled, "person"));
    named.map(|name| scene.recipient(&name)).transpose()
}

/// The services that were chosen, and those that were typed.
pub(super) fn named_services(
    scene: &Scene<'_>,
    filled: &Filled,
) -> Result<BTreeSet<ServiceId>, Refusal> {
    let mut found = BTreeSet::new();
    for id in ["services", "more_services"] {
        for name in listed(&value(filled, id).unwrap_or_default()) {
            found.insert(service(scene, name)?);
        }
    }
    Ok(found)
}

/// The service with this id or name, or the only one whose name holds all of these words.
fn service(scene: &Scene<'_>, name: &str) -> Result<ServiceId, Refusal> {
    let refusal = match scene.directory.find_service(name) {
        Ok(found) => return Ok(found),
        Err(refusal) => refusal,
    };
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    let known = scene.directory.services.values();
    let matching: Vec<_> = known
        .filter(|service| {
            let own = service.name.to_lowercase();
            words.iter().all(|word| own.contains(word.as_str()))
        })
        .collect();
    match matching.as_slice() {
        [only] => Ok(only.id.clone()),
        [] => {
            let names = scene.directory.services.values();
            let names = names.map(|service| service.name.as_str());
            let near = nearest::nearest(name, names);
            Err(match near.is_empty() {
                true => refusal,
                false => Refusal::new(
                    "unknown-service",
                    format!("There is no service \"{name}\"."),
                    format!("Did you mean {}?", nearest::or_list(&near)),
                ),
            })
        }
        several => {
            let names: Vec<&str> = several.iter().take(4).map(|it| it.name.as_str()).collect();
            Err(Refusal::new(
                "ambiguous-service",
                format!("\"{name}\" is more than one service."),
                format!("Write the whole name: {}.", nearest::or_list(&names)),
            ))
        }
    }
}
