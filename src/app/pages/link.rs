//! The addresses of signed pages: whoever has one may answer one thing for one delivery.
//!
//! The token is the delivery's id and what is asked, with an HMAC over both. It is the same whenever
//! it is made, so that a repeated mail has the same bytes; it holds nothing about the person or the
//! incident; and it is kept nowhere. Until when it is good is not in it, because that depends on the
//! incident.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::domain::{DeliveryId, ask::Ask};

/// What an HMAC is of begins with this, so that one made for something else is none of ours.
const PURPOSE: &[u8] = b"oyez signed page 1\0";
/// Bytes of a delivery's id.
const ID: usize = 16;
/// Bytes of the HMAC that are kept: 128 bits, which nobody guesses over a network.
const MAC: usize = 16;
/// One byte says what is asked.
const TOKEN: usize = 1 + ID + MAC;

/// Makes and reads the addresses of signed pages.
#[derive(Clone, Default)]
pub struct Pages {
    /// `None` before the database has the secret of the installation: then there are no pages.
    key: Option<SecretString>,
    /// What addresses begin with; no slash at the end.
    public_url: Option<String>,
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

impl Pages {
    /// Pages below a public address, signed with a secret of this installation. Without an address
    /// no message carries a link; links that are out already are read all the same.
    pub fn new(secret: &SecretString, public_url: Option<String>) -> Self {
        let is_there = !secret.expose_secret().is_empty();
        Self {
            key: is_there.then(|| secret.clone()),
            public_url,
        }
    }

    /// Whether messages carry links.
    pub fn are_linked(&self) -> bool {
        self.key.is_some() && self.public_url.is_some()
    }

    /// The address of the page on which a delivery's recipient answers.
    pub fn link(&self, ask: Ask, delivery: &DeliveryId) -> Option<String> {
        let url = self.public_url.as_ref()?;
        Some(format!("{url}/a/{}", self.token(ask, delivery)?))
    }

    /// The last part of that address.
    pub fn token(&self, ask: Ask, delivery: &DeliveryId) -> Option<String> {
        let id = Ulid::from_string(delivery.as_str()).ok()?;
        let mut token = Vec::with_capacity(TOKEN);
        token.push(code(ask));
        token.extend_from_slice(&id.to_bytes());
        let mac = self.mac(&token)?.finalize().into_bytes();
        token.extend_from_slice(&mac[..MAC]);
        Some(BASE64_URL_SAFE_NO_PAD.encode(token))
    }

    /// What is asked of which delivery, if the token is one of ours and nobody changed it.
    pub fn read(&self, token: &str) -> Option<(Ask, DeliveryId)> {
        let token = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (said, mac) = token.split_at_checked(1 + ID)?;
        if mac.len() != MAC {
            return None;
        }
        // Compared in constant time.
        self.mac(said)?.verify_truncated_left(mac).ok()?;
        let ask = [Ask::Seen, Ask::Affected]
            .into_iter()
            .find(|ask| code(*ask) == said[0])?;
        let id: [u8; ID] = said[1..].try_into().ok()?;
        Some((ask, Ulid::from_bytes(id).to_string().parse().ok()?))
    }

    fn mac(&self, said: &[u8]) -> Option<Hmac<Sha256>> {
        // As a digest the key has a length that is never refused.
        let key = Sha256::digest(self.key.as_ref()?.expose_secret().as_bytes());
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(PURPOSE);
        mac.update(said);
        Some(mac)
    }
}

fn code(ask: Ask) -> u8 {
    match ask {
        Ask::Seen => 1,
        Ask::Affected => 2,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn pages(secret: &str) -> Pages {
        let url = Some("https://oyez.northshire.example".to_owned());
        Pages::new(&SecretString::from(secret), url)
    }

    fn delivery() -> DeliveryId {
        "01JDM4T9Q0000000000000000D".parse().unwrap()
    }

    #[test]
    fn a_link_is_the_same_each_time_and_leads_back() {
        let pages = pages("a secret");
        let link = pages.link(Ask::Seen, &delivery()).unwrap();
        assert_eq!(pages.link(Ask::Seen, &delivery()).unwrap(), link);
        let token = link
            .strip_prefix("https://oyez.northshire.example/a/")
            .unwrap();
        assert_eq!(token.len(), 44);
        assert_eq!(pages.read(token), Some((Ask::Seen, delivery())));
        let other = pages.token(Ask::Affected, &delivery()).unwrap();
        assert_eq!(pages.read(&other), Some((Ask::Affected, delivery())));
    }

    #[test]
    fn every_changed_token_is_none_of_ours() {
        let pages = pages("a secret");
        let token = pages.token(Ask::Seen, &delivery()).unwrap();
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap();
        let mut tried = BTreeSet::new();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let changed = BASE64_URL_SAFE_NO_PAD.encode(changed);
                assert_eq!(pages.read(&changed), None, "{at} {bit}");
                tried.insert(changed);
            }
        }
        assert_eq!(tried.len(), TOKEN * 8);
        assert_eq!(pages.read(&token[..43]), None);
        assert_eq!(pages.read(&format!("{token}AA")), None);
        assert_eq!(pages.read(&format!("{token}=")), None);
        assert_eq!(self::pages("another").read(&token), None);
    }

    #[test]
    fn without_a_secret_there_are_no_pages_and_without_an_address_no_links() {
        let none = pages("");
        assert_eq!(none.link(Ask::Seen, &delivery()), None);
        let token = pages("a secret").token(Ask::Seen, &delivery()).unwrap();
        assert_eq!(none.read(&token), None);
        let silent = Pages::new(&SecretString::from("a secret"), None);
        assert_eq!(silent.link(Ask::Seen, &delivery()), None);
        assert_eq!(silent.read(&token), Some((Ask::Seen, delivery())));
        assert!(!format!("{:?}", pages("hush")).contains("hush"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fail(text in "\\PC{0,80}") {
            prop_assert_eq!(pages("a secret").read(&text), None);
        }
    }
}
