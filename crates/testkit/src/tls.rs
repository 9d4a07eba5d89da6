//! Throw-away certificates.

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;

/// One that signs certificates of servers on this machine.
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new one, which nobody trusts yet.
    pub fn new() -> Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key)?.pem();
        let issuer = Issuer::new(params, key);
        Ok(Self { certificate, issuer })
    }

    /// Its certificate, PEM: what others trust.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The certificate of a server of that name or address, and its key, PEM.
    pub(crate) fn issue(&self, host: &str) -> Result<(String, String)> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![host.to_owned()])?.signed_by(&key, &self.issuer)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// What a server of that name or address needs.
    pub(crate) fn server(&self, host: &str) -> Result<Arc<ServerConfig>> {
        crate::install_crypto();
        let (certificate, key) = self.issue(host)?;
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).context("a certificate")?];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).context("a key")?;
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Arc::new(config))
    }
}
