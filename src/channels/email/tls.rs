//! TLS towards a mail server, and what its faults mean.

use std::{io, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        AlertDescription, CertificateError, ClientConfig, Error, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::settings::Settings;
use crate::domain::delivery::Class;

/// How TLS is spoken: with the machine's own certificates, or with those of `ca` (PEM) alone.
/// Without TLS the machine's certificates are not read. The error is to be read behind a key.
pub(super) fn client_config(ca: Option<&str>, needed: bool) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|_| "is not in PEM form".to_owned())?;
                roots
                    .add(certificate)
                    .map_err(|_| "holds a certificate that cannot be used".to_owned())?;
            }
            if roots.is_empty() {
                return Err("holds no certificate".to_owned());
            }
        }
        None if needed => {
            // Single certificates that cannot be read are the machine's matter; a server whose
            // issuer is among them is refused with that reason.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        None => {}
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| "cannot be used: this program has no usable TLS version".to_owned())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Encrypts a connection and checks that the server is who the settings name.
pub(super) async fn encrypt(
    stream: TcpStream,
    settings: &Settings,
) -> Result<TlsStream<TcpStream>, io::Error> {
    let name = ServerName::try_from(settings.host.clone())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    TlsConnector::from(Arc::clone(&settings.tls_config))
        .connect(name, stream)
        .await
}

/// What a failed handshake means. A fault that repeats until somebody changes something is one of
/// the settings; a connection that broke is not.
pub(super) fn fault(error: &io::Error, settings: &Settings) -> (Class, String) {
    let host = &settings.host;
    let cause = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<Error>());
    let sentence = match cause {
        Some(Error::InvalidCertificate(certificate)) => match certificate {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!(
                    "The certificate of the mail server is not for {host}. Set {} to the name that is in the certificate.",
                    settings.key("host")
                )
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
                "The certificate of {host} is signed by nobody whom this machine trusts. Name the file with the issuer's certificate in {}.",
                settings.key("ca_file")
            ),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => format!(
                "The certificate of {host} has expired. Ask the people who run the mail server to renew it."
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => format!(
                "The certificate of {host} is not valid yet. Check the clock of this machine."
            ),
            _ => format!(
                "The certificate of {host} cannot be accepted. Ask the people who run the mail server."
            ),
        },
        Some(Error::InvalidMessage(_)) => format!(
            "{host} does not speak TLS on port {}. Check {} and {}: starttls goes with port 587, implicit with 465.",
            settings.port,
            settings.key("port"),
            settings.key("tls")
        ),
        Some(Error::AlertReceived(alert))
            if !matches!(
                alert,
                AlertDescription::CloseNotify | AlertDescription::InternalError
            ) =>
        {
            format!(
                "{host} and this program agree on no way to encrypt. Ask the people who run the mail server for TLS 1.2 or later."
            )
        }
        Some(Error::PeerIncompatible(_)) => {
            format!(
                "{host} and this program agree on no way to encrypt. Ask the people who run the mail server for TLS 1.2 or later."
            )
        }
        _ if error.kind() == io::ErrorKind::InvalidInput => format!(
            "{host} is no name that a certificate can be for. Correct {}.",
            settings.key("host")
        ),
        _ => {
            let sentence = format!(
                "The encrypted connection to {host} broke before it was set up. Check the network and the mail server."
            );
            return (Class::NotSent, sentence);
        }
    };
    (Class::BadConfiguration, sentence)
}
