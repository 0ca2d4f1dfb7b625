//! The key with which the simulated Bot connector signs, and its tokens.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rsa::{
    PrivateKey,
    pkcs1v15::SigningKey,
    signature::{SignatureEncoding, Signer},
    traits::PublicKeyParts,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::domain::Time;

/// Who signs the calls of the Bot connector.
const ISSUER: &str = "https://api.botframework.com";
/// How long a token is good for, in seconds.
const LASTS: i64 = 3_600;

/// A key made at start, and gone with the simulator.
pub(super) struct Key {
    signing: SigningKey<Sha256>,
    public: Value,
    id: String,
}

impl Key {
    /// Makes a key; takes a moment.
    pub(super) fn make() -> Result<Self, rsa::Error> {
        let key = PrivateKey::new(&mut rand::rng(), 2048)?;
        let n = key.n().to_be_bytes_trimmed_vartime();
        let digest = Sha256::digest(&n);
        let id = BASE64_URL_SAFE_NO_PAD.encode(&digest[..15]);
        let public = json!({
            "kty": "RSA",
            "use": "sig",
            "kid": id,
            "x5t": id,
            "n": BASE64_URL_SAFE_NO_PAD.encode(&n),
            "e": BASE64_URL_SAFE_NO_PAD.encode(key.e().to_be_bytes_trimmed_vartime()),
            "endorsements": ["msteams", "webchat"],
        });
        Ok(Self {
            signing: SigningKey::new(key),
            public,
            id,
        })
    }

    /// As the list of keys has it.
    pub(super) fn public(&self) -> &Value {
        &self.public
    }

    /// A token for the bot, which vouches for the service URL.
    pub(super) fn token(&self, app_id: &str, service_url: &str, now: Time) -> String {
        let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let now = now.timestamp();
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.id, "x5t": self.id });
        let claims = json!({
            "iss": ISSUER,
            "aud": app_id,
            "nbf": now - 300,
            "exp": now + LASTS,
            "serviceurl": service_url,
        });
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.signing.sign(signed.as_bytes());
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes());
        format!("{signed}.{signature}")
    }
}
