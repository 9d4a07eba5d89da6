//! The way to an SMSC, with or without TLS.

use fault::{Fault, Result};
use reqwest::Url;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Its usual ports.
const PORT: u16 = 2775;
const TLS_PORT: u16 = 3550;

/// Where an SMSC is.
#[derive(Clone)]
pub struct Place {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, tls } = self;
        write!(f, "{host}:{port} tls: {}", tls.is_some())
    }
}

/// Bytes both ways.
pub trait Stream: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

impl Place {
    /// Reads `smpp://host[:2775]` or `smpps://host[:3550]`. `authorities`: PEM of the certificates that the SMSC's has to
    /// lead back to, else the public ones. `field` is named in what is wrong.
    pub fn parse(url: &str, authorities: Option<&str>, field: &str) -> Result<Self> {
        let wrong = || {
            Fault::invalid(
                field,
                "needs an SMSC as smpp://host[:port] or smpps://host[:port], nothing else",
            )
        };
        let parsed = Url::parse(url).map_err(|error| wrong().because(error))?;
        let bare = parsed.username().is_empty()
            && parsed.password().is_none()
            && matches!(parsed.path(), "" | "/")
            && parsed.query().is_none();
        let host = parsed
            .host_str()
            .filter(|host| bare && !host.is_empty())
            .ok_or_else(wrong)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (tls, port) = match parsed.scheme() {
            "smpp" if authorities.is_some() => {
                let remedy = "has a ca_file but no TLS; use smpps:// or leave the file out";
                return Err(Fault::invalid(field, remedy));
            }
            "smpp" => (None, PORT),
            "smpps" => {
                let name = ServerName::try_from(host.clone()).map_err(|error| wrong().because(error))?;
                (Some((connector(authorities, field)?, name)), TLS_PORT)
            }
            _ => return Err(wrong()),
        };
        let port = parsed.port().unwrap_or(port);
        Ok(Self { host, port, tls })
    }

    /// Opens a connection.
    pub(super) async fn connect(&self) -> io::Result<Pin<Box<dyn Stream>>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Box::pin(stream)),
            Some((connector, name)) => Ok(Box::pin(connector.connect(name.clone(), stream).await?)),
        }
    }
}

fn connector(authorities: Option<&str>, field: &str) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    match authorities {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            let wrong = || Fault::invalid(field, "has a ca_file without a certificate in PEM");
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| wrong().because(error))?;
                roots.add(certificate).map_err(|error| wrong().because(error))?;
            }
            if roots.is_empty() {
                return Err(wrong());
            }
        }
    }
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_an_smsc_can_be() {
        testkit::install_crypto();
        let place = |url| Place::parse(url, None, "url").map(|place| (place.host, place.port, place.tls.is_some()));
        let at = |host: &str, port, tls| (host.to_owned(), port, tls);
        assert_eq!(
            place("smpp://smsc.example").expect("fits"),
            at("smsc.example", 2775, false)
        );
        assert_eq!(
            place("smpps://smsc.example/").expect("fits"),
            at("smsc.example", 3550, true)
        );
        assert_eq!(place("smpp://[::1]:9000").expect("fits"), at("::1", 9000, false));
        for wrong in [
            "smsc.example",
            "http://smsc",
            "smpp://",
            "smpp://me:secret@smsc",
            "smpp://smsc/x",
        ] {
            let refused = place(wrong).expect_err(wrong);
            assert!(!refused.chain().to_string().contains("secret"), "{wrong}");
        }
        assert!(Place::parse("smpp://smsc", Some("x"), "url").is_err());
        assert!(Place::parse("smpps://smsc", Some("no PEM"), "url").is_err());
    }
}
