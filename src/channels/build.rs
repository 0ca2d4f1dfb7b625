//! From a stanza of settings to a working channel.
//!
//! The keys that every channel has are taken out here; the rest goes to the channel's own file,
//! found by `kind` in [`super::kinds`].

use std::{collections::BTreeMap, fmt, sync::Arc};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    BoxFuture, Channel, LookUp, OnUncertain, Outgoing, Pace, Rooms, Wire, kinds,
    signing::fingerprint,
};
use crate::{
    clock::Clock,
    domain::{
        Address, ChannelName, IncidentId,
        channel::{Conversation, Part},
        delivery::Outcome,
        fault::Fault,
        nearest,
        shown::{Disclosure, Secrecy},
    },
    http_client::HttpClient,
    section::Section,
};

/// A sort of channel that settings can name.
pub struct Kind {
    /// What stands behind `kind =`.
    pub name: &'static str,
    /// What people read when the settings give no `label`.
    pub label: &'static str,
    /// The pieces of its messages.
    pub parts: &'static [Part],
    /// Whether an address of it is a credential.
    pub addresses: Secrecy,
    /// Makes a channel from the stanza's own keys.
    pub build: fn(Setup<'_>) -> Result<Box<dyn Channel>, Refusal>,
}

/// What a channel is made from.
pub struct Setup<'a> {
    /// The stanza's key in the settings, for sentences that name a setting.
    pub name: &'a ChannelName,
    /// What people read.
    pub label: String,
    /// The channel's own keys.
    pub section: Section,
    /// What channels share.
    pub context: &'a ChannelContext,
}

/// What channels share.
#[derive(Clone)]
pub struct ChannelContext {
    /// The one outbound HTTP client.
    pub http: HttpClient,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// A secret of this installation: ids made with it can be made again, and not guessed.
    pub install_secret: SecretString,
}

/// Why a stanza made no channel.
#[derive(Debug)]
pub enum Refusal {
    /// These keys have no value yet.
    Missing(Vec<&'static str>),
    /// These values cannot be used.
    Faults(Vec<Fault>),
}

impl From<Vec<Fault>> for Refusal {
    fn from(faults: Vec<Fault>) -> Self {
        Self::Faults(faults)
    }
}

/// What came of a stanza.
pub enum Built {
    /// A channel that can send.
    Live(Arc<dyn Channel>),
    /// Not in use; the sentence says why.
    Off(String),
}

impl fmt::Debug for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live(channel) => f.debug_tuple("Live").field(&channel.label()).finish(),
            Self::Off(reason) => f.debug_tuple("Off").field(reason).finish(),
        }
    }
}

/// The keys that every channel has.
#[derive(Debug, Default)]
struct Shared {
    enabled: Option<bool>,
    label: Option<String>,
    on_uncertain: Option<OnUncertain>,
    pace: SharedPace,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SharedPace {
    concurrency: Option<usize>,
    per_second: Option<f64>,
    burst: Option<u32>,
}

impl Shared {
    /// Takes them out of the stanza.
    fn take(stanza: &mut Section) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let shared = Self {
            enabled: stanza.take("enabled").unwrap_or_else(|fault| {
                faults.push(fault);
                None
            }),
            label: stanza.take("label").unwrap_or_else(|fault| {
                faults.push(fault);
                None
            }),
            on_uncertain: stanza.take("on_uncertain").unwrap_or_else(|fault| {
                faults.push(fault);
                None
            }),
            pace: match stanza
                .take_table("pace")
                .map_err(|fault| vec![fault])
                .and_then(|pace| SharedPace::read(&pace))
            {
                Ok(pace) => pace,
                Err(more) => {
                    faults.extend(more);
                    SharedPace::default()
                }
            },
        };
        if faults.is_empty() {
            Ok(shared)
        } else {
            Err(faults)
        }
    }
}

impl SharedPace {
    fn read(section: &Section) -> Result<Self, Vec<Fault>> {
        let pace: Self = section.read()?;
        let wrong = [
            ("concurrency", pace.concurrency == Some(0)),
            (
                "per_second",
                pace.per_second
                    .is_some_and(|rate| !(rate.is_finite() && rate > 0.0)),
            ),
            ("burst", pace.burst == Some(0)),
        ];
        let faults: Vec<Fault> = wrong
            .into_iter()
            .filter(|(_, wrong)| *wrong)
            .map(|(key, _)| {
                let message = format!("{} must be more than 0.", section.full(key));
                section.fault(
                    key,
                    message,
                    "Correct the value, or remove it for the usual pace.",
                )
            })
            .collect();
        if faults.is_empty() {
            Ok(pace)
        } else {
            Err(faults)
        }
    }
}

/// What may be shown of the addresses of channels, by the kind of each. `key` is a secret of the
/// installation.
pub fn disclosure<'a>(
    kinds: impl IntoIterator<Item = (&'a ChannelName, &'static Kind)>,
    key: &str,
) -> Disclosure {
    let kinds = kinds.into_iter();
    Disclosure::new(
        kinds.map(|(name, kind)| (name.clone(), kind.addresses)),
        key,
    )
}

/// Takes out the keys that every channel has. Says whether the channel is to be used.
pub(super) fn take_shared(stanza: &mut Section) -> bool {
    Shared::take(stanza).is_ok_and(|shared| shared.enabled != Some(false))
}

/// The kind of a stanza: its `kind`, or else its name. Takes the key out.
pub fn take_kind(name: &ChannelName, stanza: &mut Section) -> Result<&'static Kind, Fault> {
    let place = stanza.clone();
    let given: Option<String> = stanza.take("kind")?;
    let kind = given.as_deref().unwrap_or(name.as_str());
    kinds()
        .iter()
        .find(|known| known.name == kind)
        .copied()
        .ok_or_else(|| {
            let known: Vec<&str> = kinds().iter().map(|kind| kind.name).collect();
            let message = format!(
                "{} must be {}.",
                place.full("kind"),
                nearest::or_list(&known)
            );
            place.fault(
                "kind",
                message,
                nearest::fix_for(kind, known.iter().copied(), "Use one of these."),
            )
        })
}

/// Makes a channel from its stanza. A channel is live when its required settings are present and
/// `enabled` is not false; a stanza that is faulty is refused with every fault, live or not.
pub fn build(
    name: &ChannelName,
    mut stanza: Section,
    context: &ChannelContext,
) -> Result<Built, Vec<Fault>> {
    let kind = take_kind(name, &mut stanza).map_err(|fault| vec![fault])?;
    let shared = Shared::take(&mut stanza);
    let label = match &shared {
        Ok(Shared {
            label: Some(label), ..
        }) => label.clone(),
        _ => kind.label.to_owned(),
    };
    let place = stanza.clone();
    let made = (kind.build)(Setup {
        name,
        label,
        section: stanza,
        context,
    });
    match (shared, made) {
        (Err(mut faults), made) => {
            if let Err(Refusal::Faults(more)) = made {
                faults.extend(more);
            }
            Err(faults)
        }
        (Ok(_), Err(Refusal::Faults(faults))) => Err(faults),
        (Ok(shared), _) if shared.enabled == Some(false) => {
            Ok(Built::Off(format!("{} is false", place.full("enabled"))))
        }
        (Ok(shared), Err(Refusal::Missing(keys))) if shared.enabled == Some(true) => {
            let fault = |key: &&str| {
                place.fault(
                    key,
                    format!("The setting {} is missing.", place.full(key)),
                    format!("Add {key}, or set enabled to false; config/default.toml explains it."),
                )
            };
            Err(keys.iter().map(fault).collect())
        }
        (Ok(_), Err(Refusal::Missing(keys))) => {
            let keys: Vec<String> = keys.iter().map(|key| place.full(key)).collect();
            let verb = if keys.len() == 1 { "is" } else { "are" };
            Ok(Built::Off(format!("{} {verb} not set", keys.join(" and "))))
        }
        (Ok(shared), Ok(channel))
            if shared.on_uncertain == Some(OnUncertain::Reconcile)
                && channel.look_up().is_none() =>
        {
            let key = "on_uncertain";
            let message = format!(
                "{} cannot be reconcile, because what {} took cannot be looked up.",
                place.full(key),
                channel.label()
            );
            let fix = "Use resend or hold_unless_urgent.";
            Err(vec![place.fault(key, message, fix)])
        }
        (Ok(shared), Ok(channel)) => Ok(Built::Live(Arc::new(Tuned::new(channel, &shared)))),
    }
}

/// By which the settings of a channel are recognised: the same for the same settings, and of no use
/// to anyone who wants to know them.
pub fn settings_print(stanza: &Section, context: &ChannelContext) -> String {
    let whole = stanza.whole();
    fingerprint(
        &context.install_secret,
        &["settings", whole.expose_secret()],
    )
}

/// A channel with what its stanza says about pace and doubt.
struct Tuned {
    inner: Box<dyn Channel>,
    pace: Pace,
    on_uncertain: OnUncertain,
}

impl Tuned {
    fn new(inner: Box<dyn Channel>, shared: &Shared) -> Self {
        let own = inner.pace();
        Self {
            pace: Pace {
                concurrency: shared.pace.concurrency.unwrap_or(own.concurrency),
                per_second: shared.pace.per_second.or(own.per_second),
                burst: shared.pace.burst.unwrap_or(own.burst),
            },
            on_uncertain: shared.on_uncertain.unwrap_or_else(|| inner.on_uncertain()),
            inner,
        }
    }
}

impl Channel for Tuned {
    fn label(&self) -> &str {
        self.inner.label()
    }

    fn system(&self) -> &str {
        self.inner.system()
    }

    fn parts(&self) -> &'static [Part] {
        self.inner.parts()
    }

    fn check_address(&self, text: &str) -> Result<Address, String> {
        self.inner.check_address(text)
    }

    fn lane(&self, address: &Address) -> String {
        self.inner.lane(address)
    }

    fn hosts(&self) -> Vec<String> {
        self.inner.hosts()
    }

    fn is_chat(&self) -> bool {
        self.inner.is_chat()
    }

    fn threads(&self) -> bool {
        self.inner.threads()
    }

    fn keeps_conversations(&self) -> bool {
        self.inner.keeps_conversations()
    }

    fn own_view(&self, parts: &mut BTreeMap<String, String>, of: IncidentId, members: &[String]) {
        self.inner.own_view(parts, of, members);
    }

    fn is_gone(&self, conversation: &Conversation, outcome: &Outcome) -> bool {
        self.inner.is_gone(conversation, outcome)
    }

    fn rooms(&self) -> Option<&dyn Rooms> {
        self.inner.rooms()
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn overall_pace(&self) -> Option<Pace> {
        self.inner.overall_pace()
    }

    fn on_uncertain(&self) -> OnUncertain {
        self.on_uncertain
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        self.inner.look_up()
    }

    fn wire(&self, outgoing: &Outgoing<'_>) -> Result<Wire, Outcome> {
        self.inner.wire(outgoing)
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Outcome> {
        self.inner.send(outgoing)
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, String>> {
        self.inner.probe()
    }
}
