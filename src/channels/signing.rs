//! HMAC-SHA-256, for signatures and for ids that can be made again but not guessed.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

const BLOCK: usize = 64;

/// HMAC-SHA-256 of `data`.
pub(super) fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    // HMAC itself hashes keys longer than a block and fills shorter ones with zeros. Doing so here
    // makes a key of the one length that cannot be refused.
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// The first 16 hexadecimal digits of an HMAC of the texts: the same for the same texts, and of no
/// use to anyone who wants the texts.
pub(super) fn fingerprint(secret: &SecretString, texts: &[&str]) -> String {
    // A zero byte between the texts, which none of them holds, keeps ("a", "bc") from ("ab", "c").
    let text = texts.join("\0");
    let digest = hmac_sha256(secret.expose_secret().as_bytes(), text.as_bytes());
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_vectors_of_rfc_4231_come_out() {
        assert_eq!(
            hex(&hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let data = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            hex(&hmac_sha256(&[0xaa; 131], data)),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn a_fingerprint_is_stable_and_depends_on_secret_and_every_text() {
        let (a, b) = (SecretString::from("a"), SecretString::from("b"));
        let one = fingerprint(&a, &["INC-0042", "x"]);
        assert_eq!(one.len(), 16);
        assert_eq!(one, fingerprint(&a, &["INC-0042", "x"]));
        assert_ne!(one, fingerprint(&b, &["INC-0042", "x"]));
        assert_ne!(one, fingerprint(&a, &["INC-0042x", ""]));
    }
}
