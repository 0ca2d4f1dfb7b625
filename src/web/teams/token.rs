//! Who calls the bot: the token that the Bot connector puts on each call.
//!
//! Everything is held against our settings, the published keys and the body of the call; there is
//! no way to switch a check off. The caller learns nothing of why it was refused; one line of the
//! log says it, without the token.
//!
//! Source: MicrosoftDocs/bot-docs, `bot-framework-rest-connector-authentication.md`.

use std::sync::Arc;

use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header, errors::ErrorKind};
use serde::Deserialize;
use serde_json::Value;

use super::{
    keys::{Keys, NoKey},
    rs256,
};
use crate::clock::Clock;

/// Who signs the calls of the Bot connector, outside government clouds.
pub const ISSUER: &str = "https://api.botframework.com";

/// The channel of the Bot connector that stands for Teams.
const TEAMS: &str = "msteams";
/// How far clocks may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(300);
/// Longest token that is looked at, in bytes; those of the Bot connector have about 1,500.
const TOKEN_MAX: usize = 8 * 1024;

/// What a call must show.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The bot's app id, which the token must be for.
    pub app_id: String,
    /// Who must have signed it, usually [`ISSUER`].
    pub issuer: String,
    /// The tenants whose people may talk to the bot.
    pub tenants: Vec<String>,
}

/// Decides who may call.
#[derive(Debug)]
pub struct Gate {
    expected: Expected,
    keys: Keys,
    clock: Arc<dyn Clock>,
    validation: Validation,
}

/// A call that comes from Teams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// For which bot it is: ours.
    pub app_id: String,
    /// Where to answer, without the slash at its end. The Bot connector signed for it.
    pub service_url: String,
}

/// A call that does not, or not to us. It says no more, so that nobody can try things out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This call is not allowed.")]
pub struct Refused;

/// Why, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Reason {
    #[error("it has no bearer token")]
    NoToken,
    #[error("its token is too long")]
    TooLong,
    #[error("its token cannot be read")]
    Unreadable,
    #[error("its token is not signed by RS256")]
    Algorithm,
    #[error("its token names no key")]
    NoKeyId,
    #[error("{0}")]
    Key(#[from] NoKey),
    #[error("its key may not speak for Teams")]
    NotEndorsed,
    #[error("its signature is wrong")]
    Signature,
    #[error("somebody else issued its token")]
    Issuer,
    #[error("its token is for another app")]
    Audience,
    #[error("its token has no end")]
    NoEnd,
    #[error("its token has ended; check the clock of this machine")]
    Ended,
    #[error("its token is not valid yet; check the clock of this machine")]
    NotYet,
    #[error("its token does not vouch for the service URL of the body")]
    ServiceUrl,
    #[error("it does not come from Teams")]
    Channel,
    #[error("it comes from a tenant that is not allowed")]
    Tenant,
}

/// What the token says. Each is one text and not a list, which the library would let pass.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: Option<i64>,
    nbf: Option<i64>,
    serviceurl: Option<String>,
}

impl Gate {
    /// A gate that lets in what shows this.
    pub fn new(expected: Expected, keys: Keys, clock: Arc<dyn Clock>) -> Self {
        rs256::install();
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&[&expected.app_id]);
        validation.set_issuer(&[&expected.issuer]);
        validation.set_required_spec_claims(&["aud", "iss"]);
        // The library asks the machine for the time; below our clock is asked.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            expected,
            keys,
            clock,
            validation,
        }
    }

    /// Looks at a call: the whole `Authorization` header, if there is one, and the activity that
    /// is its body.
    ///
    /// # Errors
    /// When anything about it is not as it must be.
    pub async fn admit(
        &self,
        authorization: Option<&str>,
        activity: &Value,
    ) -> Result<Vouched, Refused> {
        self.check(authorization, activity).await.map_err(|reason| {
            tracing::warn!(%reason, "a call to the Teams bot was refused");
            Refused
        })
    }

    pub(super) async fn check(
        &self,
        authorization: Option<&str>,
        activity: &Value,
    ) -> Result<Vouched, Reason> {
        let token = bearer(authorization)?;
        let header = decode_header(token).map_err(|_| Reason::Unreadable)?;
        // Extensions that we do not know must not be passed over: RFC 7515, section 4.1.11.
        if header.alg != Algorithm::RS256 || header.crit.is_some() {
            return Err(Reason::Algorithm);
        }
        let key = self.keys.find(&header.kid.ok_or(Reason::NoKeyId)?).await?;
        if !key.endorsements.iter().any(|channel| channel == TEAMS) {
            return Err(Reason::NotEndorsed);
        }
        let claims = decode::<Claims>(token, &key.decoding, &self.validation)
            .map_err(|error| reason(error.kind()))?
            .claims;
        self.check_claims(&claims)?;
        let service_url = vouched_for(claims.serviceurl.as_deref(), activity)?;
        if activity["channelId"] != TEAMS {
            return Err(Reason::Channel);
        }
        self.check_tenant(activity)?;
        Ok(Vouched {
            app_id: claims.aud,
            service_url: service_url.to_owned(),
        })
    }

    fn check_claims(&self, claims: &Claims) -> Result<(), Reason> {
        if claims.iss != self.expected.issuer {
            return Err(Reason::Issuer);
        }
        if claims.aud != self.expected.app_id {
            return Err(Reason::Audience);
        }
        let now = self.clock.now().timestamp();
        let leeway = LEEWAY.num_seconds();
        if claims.exp.ok_or(Reason::NoEnd)? <= now.saturating_sub(leeway) {
            return Err(Reason::Ended);
        }
        if claims
            .nbf
            .is_some_and(|from| from > now.saturating_add(leeway))
        {
            return Err(Reason::NotYet);
        }
        Ok(())
    }

    /// The body names the tenant in one place or in two; every one must be allowed.
    fn check_tenant(&self, activity: &Value) -> Result<(), Reason> {
        let places = ["/conversation/tenantId", "/channelData/tenant/id"];
        let mut named = places
            .iter()
            .filter_map(|place| activity.pointer(place))
            .peekable();
        let is_allowed = |tenant: &Value| {
            let tenant = tenant.as_str().unwrap_or_default();
            let mut allowed = self.expected.tenants.iter();
            allowed.any(|allowed| allowed.eq_ignore_ascii_case(tenant))
        };
        if named.peek().is_some() && named.all(is_allowed) {
            Ok(())
        } else {
            Err(Reason::Tenant)
        }
    }
}

/// The token of `Bearer TOKEN`, exactly two parts.
fn bearer(authorization: Option<&str>) -> Result<&str, Reason> {
    let (scheme, token) = authorization
        .and_then(|header| header.split_once(' '))
        .ok_or(Reason::NoToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(Reason::NoToken);
    }
    if token.len() > TOKEN_MAX {
        return Err(Reason::TooLong);
    }
    if token.contains(|c: char| c.is_whitespace()) {
        return Err(Reason::NoToken);
    }
    Ok(token)
}

/// The service URL of the body, if the token has the same; one slash at the end makes no
/// difference.
fn vouched_for<'a>(claimed: Option<&str>, activity: &'a Value) -> Result<&'a str, Reason> {
    let given = bare(activity["serviceUrl"].as_str().unwrap_or_default());
    if given.is_empty() || claimed.map(bare) != Some(given) {
        return Err(Reason::ServiceUrl);
    }
    Ok(given)
}

fn bare(url: &str) -> &str {
    url.strip_suffix('/').unwrap_or(url)
}

fn reason(error: &ErrorKind) -> Reason {
    match error {
        ErrorKind::InvalidSignature => Reason::Signature,
        ErrorKind::InvalidIssuer => Reason::Issuer,
        ErrorKind::InvalidAudience => Reason::Audience,
        ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => Reason::Algorithm,
        _ => Reason::Unreadable,
    }
}
