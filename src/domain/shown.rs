//! Addresses as they are shown.
//!
//! An [`Address`] is for sending and for the record: it has no form that could be printed. What is shown
//! of one is a [`ShownAddress`], and how much of it is decided here and nowhere else: of a channel whose
//! addresses are credentials never more than where it leads and a print by which it is told from others
//! ([`Secrecy::Secret`]); of mail addresses and numbers all of it for those who keep the directory, and a
//! mask for everybody else.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::{Address, ChannelName, directory::Directory};

/// What a redacted text has and no address.
const CUT: char = '…';
/// Bytes of a print: enough to tell some thousands of addresses apart, too few to find one by trying.
const PRINT_BYTES: usize = 4;

/// What the addresses of a channel are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// Whom it reaches, known to those who keep the directory: a mailbox, a number, a place in chat.
    Contact,
    /// A credential: whoever has it can send there.
    Secret,
}

/// How much may be shown to whoever looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Mail addresses and numbers are masked.
    Masked,
    /// Contacts are whole.
    Contacts,
}

/// Which channels have secret addresses, and how those are told apart without being shown.
#[derive(Clone, Default)]
pub struct Disclosure {
    contacts: BTreeSet<ChannelName>,
    key: String,
}

/// The key is a secret.
impl fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disclosure")
            .field("contacts", &self.contacts)
            .finish_non_exhaustive()
    }
}

impl Disclosure {
    /// `channels` says what the addresses of each are; those of a channel that is not among them are
    /// secret. With `key`, a secret of the installation, nobody else can try out what a print stands for.
    pub fn new(channels: impl IntoIterator<Item = (ChannelName, Secrecy)>, key: &str) -> Self {
        let contacts = channels
            .into_iter()
            .filter(|(_, secrecy)| *secrecy == Secrecy::Contact)
            .map(|(channel, _)| channel);
        Self {
            contacts: contacts.collect(),
            key: key.to_owned(),
        }
    }

    /// What is shown of an address to whoever has this sight.
    pub fn text(&self, channel: &ChannelName, address: &Address, sight: Sight) -> String {
        match (self.contacts.contains(channel), sight) {
            (false, _) => self.redacted(channel, address),
            (true, Sight::Masked) => masked(address.as_str()),
            (true, Sight::Contacts) => address.as_str().to_owned(),
        }
    }

    /// The directory as those who keep it see it.
    pub fn directory(&self, directory: &Directory) -> ShownDirectory {
        let mut shown = directory.clone();
        let show = |channel: &ChannelName, address: &mut Address| {
            if !self.contacts.contains(channel) {
                *address = Address::new(&self.redacted(channel, address));
            }
        };
        for person in shown.people.values_mut() {
            for own in &mut person.addresses {
                show(&own.channel, &mut own.address);
            }
        }
        for destination in shown.destinations.values_mut() {
            show(&destination.channel, &mut destination.address);
        }
        ShownDirectory(shown)
    }

    /// Whether a text is an address, or what is shown of it.
    pub fn means(&self, text: &str, channel: &ChannelName, address: &Address) -> bool {
        text == address.as_str() || (is_cut(text) && text == self.redacted(channel, address))
    }

    /// The address of the directory of which a text is the redacted form. `None` if it is none;
    /// `Some(None)` if no address of the channel is shown so.
    pub fn standing(
        &self,
        directory: &Directory,
        channel: &ChannelName,
        text: &str,
    ) -> Option<Option<Address>> {
        if self.contacts.contains(channel) || !is_cut(text) {
            return None;
        }
        let people = directory
            .people
            .values()
            .flat_map(|person| &person.addresses);
        let of_people = people.map(|own| (&own.channel, &own.address));
        let destinations = directory.destinations.values();
        let all = of_people.chain(destinations.map(|one| (&one.channel, &one.address)));
        let mut same = all.filter(|(on, address)| *on == channel && self.means(text, on, address));
        Some(same.next().map(|(_, address)| address.clone()))
    }

    /// `https://hooks.northshire.example/…1b4f0e98`
    fn redacted(&self, channel: &ChannelName, address: &Address) -> String {
        let text = address.as_str();
        let place = text
            .split_once("://")
            .map_or(String::new(), |(scheme, rest)| {
                let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                // A name and a password may stand before the host.
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                format!("{scheme}://{host}/")
            });
        let mut digest = Sha256::new();
        for part in [self.key.as_str(), channel.as_str(), &text.to_lowercase()] {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        let print: String = digest.finalize()[..PRINT_BYTES]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{place}{CUT}{print}")
    }
}

fn is_cut(text: &str) -> bool {
    text.contains(CUT)
}

/// A form that people can recognise and nobody can use: `d…@northshire.example`, `+44…123`. A place in
/// chat is neither a mailbox nor a number, and means nothing outside of it.
fn masked(text: &str) -> String {
    let is_mailbox = !text.contains([':', '/']);
    if let Some((local, domain)) = text.rsplit_once('@').filter(|_| is_mailbox) {
        let first = local.chars().next().map(String::from).unwrap_or_default();
        return format!("{first}{CUT}@{domain}");
    }
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = digits.len() >= 3 && digits.chars().all(|c| c.is_ascii_digit() || c == ' ');
    match is_number {
        true if digits.len() >= 9 => {
            format!("{}{CUT}{}", &text[..3], &text[text.len() - 3..])
        }
        true => CUT.to_string(),
        false => text.to_owned(),
    }
}

/// An address as an answer holds it: nothing of it is shown before it was decided how much may be.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownAddress {
    of: Option<(ChannelName, Address)>,
    shown: Option<String>,
}

impl ShownAddress {
    /// An address that is not shown yet.
    pub fn hidden(channel: &ChannelName, address: &Address) -> Self {
        Self {
            of: Some((channel.clone(), address.clone())),
            shown: None,
        }
    }

    /// That there is none, shown as nothing.
    pub fn none() -> Self {
        Self {
            of: None,
            shown: Some(String::new()),
        }
    }

    /// Shows as much as the sight allows.
    pub fn show(&mut self, disclosure: &Disclosure, sight: Sight) {
        if let Some((channel, address)) = &self.of {
            self.shown = Some(disclosure.text(channel, address, sight));
        }
    }

    /// What is shown of it.
    pub fn as_str(&self) -> &str {
        self.shown.as_deref().unwrap_or("…")
    }

    /// Whether a text is the address, whatever the case of its letters, or what is shown of it.
    pub fn is(&self, text: &str) -> bool {
        let whole = self.of.as_ref().map(|(_, address)| address.as_str());
        whole.is_some_and(|whole| whole.eq_ignore_ascii_case(text)) || self.as_str() == text
    }
}

impl fmt::Debug for ShownAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ShownAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ShownAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let shown = Some(String::deserialize(deserializer)?);
        Ok(Self { of: None, shown })
    }
}

/// What has addresses in it.
pub trait HasAddresses {
    /// Calls `with` for each.
    fn each_address(&mut self, with: &mut dyn FnMut(&mut ShownAddress));
}

impl<T: HasAddresses> HasAddresses for Vec<T> {
    fn each_address(&mut self, with: &mut dyn FnMut(&mut ShownAddress)) {
        for one in self {
            one.each_address(with);
        }
    }
}

/// A directory whose addresses are what may be shown: what is written into files and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownDirectory(Directory);

impl ShownDirectory {
    /// With every credential in it. Whoever gets this has been asked for the right to it.
    pub fn with_secrets(directory: Directory) -> Self {
        Self(directory)
    }

    /// Its entries.
    pub fn entries(&self) -> &Directory {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOOK: &str = "https://name:word@hooks.northshire.example/services/T0/Sesame?sig=Sesame";

    fn name(text: &str) -> ChannelName {
        text.parse().unwrap()
    }

    fn disclosure(key: &str) -> Disclosure {
        let channels = [
            (name("email"), Secrecy::Contact),
            (name("notify_sms"), Secrecy::Contact),
            (name("teams"), Secrecy::Contact),
            (name("webhook"), Secrecy::Secret),
        ];
        Disclosure::new(channels, key)
    }

    #[test]
    fn a_secret_shows_where_it_leads_and_nothing_more_to_nobody() {
        let (disclosure, hook) = (disclosure("key"), Address::new(HOOK));
        for channel in ["webhook", "left_the_settings"] {
            for sight in [Sight::Masked, Sight::Contacts] {
                let shown = disclosure.text(&name(channel), &hook, sight);
                let print = shown
                    .strip_prefix("https://hooks.northshire.example/…")
                    .unwrap();
                assert_eq!(print.len(), 8);
                assert!(print.chars().all(|c| c.is_ascii_hexdigit()));
            }
        }
        let number = Address::new("sesame-4711");
        let shown = disclosure.text(&name("pager"), &number, Sight::Contacts);
        assert!(shown.starts_with('…') && !shown.contains("4711"), "{shown}");
    }

    #[test]
    fn a_print_tells_addresses_apart_and_is_another_in_another_installation() {
        let shown = |key: &str, text: &str| {
            disclosure(key).text(&name("webhook"), &Address::new(text), Sight::Contacts)
        };
        assert_eq!(shown("a", HOOK), shown("a", HOOK));
        assert_ne!(shown("a", HOOK), shown("a", &HOOK.replace("T0", "T1")));
        assert_ne!(shown("a", HOOK), shown("b", HOOK));
    }

    #[test]
    fn contacts_are_whole_for_those_who_keep_them_and_masked_for_others() {
        let disclosure = disclosure("");
        let email = name("email");
        for (text, mask) in [
            ("dana.whitlock@northshire.example", "d…@northshire.example"),
            ("+447700900123", "+44…123"),
            ("07700 900123", "077…123"),
            ("11888", "…"),
            ("19:abc@thread.tacv2", "19:abc@thread.tacv2"),
            ("C0123ABCD", "C0123ABCD"),
        ] {
            let address = Address::new(text);
            assert_eq!(disclosure.text(&email, &address, Sight::Masked), mask);
            assert_eq!(disclosure.text(&email, &address, Sight::Contacts), text);
        }
    }

    #[test]
    fn an_answer_shows_nothing_of_an_address_before_it_was_decided() {
        let mut shown = ShownAddress::hidden(&name("email"), &Address::new("dana@x.example"));
        assert_eq!(serde_json::to_string(&shown).unwrap(), "\"…\"");
        assert_eq!(format!("{shown:?}"), "…");
        shown.show(&disclosure(""), Sight::Masked);
        assert_eq!(serde_json::to_string(&shown).unwrap(), "\"d…@x.example\"");
        assert!(shown.is("Dana@x.example") && !shown.is("tom@x.example"));
        assert_eq!(ShownAddress::none().as_str(), "");
    }

    #[test]
    fn what_is_shown_leads_back_to_the_address_that_stands() {
        let disclosure = disclosure("key");
        let (email, webhook) = (name("email"), name("webhook"));
        let hook = Address::new(HOOK);
        let mut directory = crate::domain::fixture::directory();
        let person = directory.people.values_mut().next().unwrap();
        person
            .addresses
            .push(crate::domain::directory::PersonAddress {
                channel: webhook.clone(),
                address: hook.clone(),
            });
        let text = disclosure.text(&webhook, &hook, Sight::Contacts);
        let stands = |channel, text: &str| disclosure.standing(&directory, channel, text);
        assert_eq!(stands(&webhook, &text), Some(Some(hook.clone())));
        assert_eq!(
            stands(&webhook, "https://hooks.northshire.example/…00000000"),
            Some(None)
        );
        assert_eq!(stands(&webhook, HOOK), None, "a whole address is a new one");
        assert_eq!(stands(&email, "d…@northshire.example"), None);
        let shown = disclosure.directory(&directory);
        assert!(!format!("{:?}", shown.entries()).contains("Sesame"));
        let all = shown.entries().people.values();
        assert!(
            all.flat_map(|it| &it.addresses)
                .any(|it| it.address.as_str() == text)
        );
    }
}
