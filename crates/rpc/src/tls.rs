//! Certificates between services: each shows its own, and believes those that one authority has signed.

use fault::{Fault, Result};
use std::time::Duration;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, ServerTlsConfig};

/// Our certificate with its key, and the authority that we and our peers trust.
#[derive(Clone)]
pub struct Tls {
    identity: Identity,
    authority: Certificate,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// All three as PEM.
    pub fn new(certificate: &[u8], key: &[u8], authority: &[u8]) -> Self {
        Self {
            identity: Identity::from_pem(certificate, key),
            authority: Certificate::from_pem(authority),
        }
    }

    /// Reads the files that `HOMING_TLS_CERT`, `_KEY` and `_CA` name: all of them, or none.
    pub fn read(
        certificate: &Option<String>,
        key: &Option<String>,
        authority: &Option<String>,
    ) -> Result<Option<Self>> {
        let named = [
            ("HOMING_TLS_CERT", certificate),
            ("HOMING_TLS_KEY", key),
            ("HOMING_TLS_CA", authority),
        ];
        if named.iter().all(|(_, path)| path.is_none()) {
            return Ok(None);
        }
        let mut files = Vec::with_capacity(named.len());
        for (name, path) in named {
            let missing = || Fault::invalid(name, "is not set; certificate, key and authority belong together");
            let file = std::fs::read(path.as_ref().ok_or_else(missing)?);
            files.push(file.map_err(|error| Fault::invalid(name, "names a file that cannot be read").because(error))?);
        }
        Ok(Some(Self::new(&files[0], &files[1], &files[2])))
    }

    /// For a server that answers only callers whose certificate the authority has signed.
    pub fn server(&self) -> ServerTlsConfig {
        ServerTlsConfig::new()
            .identity(self.identity.clone())
            .client_ca_root(self.authority.clone())
    }

    fn client(&self) -> ClientTlsConfig {
        ClientTlsConfig::new()
            .identity(self.identity.clone())
            .ca_certificate(self.authority.clone())
    }
}

/// Makes channels to peers, with or without [`Tls`].
#[derive(Debug, Clone, Default)]
pub struct Connector {
    tls: Option<Tls>,
}

impl Connector {
    pub fn new(tls: Option<Tls>) -> Self {
        Self { tls }
    }

    /// A channel that connects when first used and again after each loss. `url` is `http://host:port`, or
    /// `https://host:port` (and nothing else) with TLS.
    pub fn connect(&self, url: &str) -> Result<Channel> {
        let (scheme, remedy) = match &self.tls {
            Some(_) => (
                "https",
                "a gRPC peer needs the form https://host:port while HOMING_TLS_CERT is set",
            ),
            None => (
                "http",
                "a gRPC peer needs the form http://host:port; https needs HOMING_TLS_CERT, _KEY and _CA",
            ),
        };
        let endpoint =
            Endpoint::from_shared(url.to_owned()).map_err(|error| Fault::invalid("url", remedy).because(error))?;
        if endpoint.uri().scheme_str() != Some(scheme) {
            return Err(Fault::invalid("url", remedy));
        }
        let mut endpoint = endpoint
            .connect_timeout(Duration::from_secs(2))
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(10))
            .keep_alive_while_idle(true);
        if let Some(tls) = &self.tls {
            endpoint = endpoint.tls_config(tls.client()).map_err(|error| {
                Fault::invalid(
                    "HOMING_TLS_CERT",
                    "certificate, key and authority must be PEM files that fit each other",
                )
                .because(error)
            })?;
        }
        Ok(endpoint.connect_lazy())
    }
}
