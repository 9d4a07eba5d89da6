//! With certificates, a service answers those whose certificate the common authority has signed, and nobody else.

use crate::harness::{Harness, Tested};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rpc::billing::GetBalanceRequest;
use rpc::billing::billing_service_client::BillingServiceClient;
use rpc::{Connector, Deadline, Tls};
use tonic::transport::Channel;

/// One that signs certificates of services on this machine.
struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> anyhow::Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self {
            certificate,
            issuer: Issuer::new(params, key),
        })
    }

    /// Certificate and key.
    fn sign(&self, host: &str) -> anyhow::Result<(String, String)> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![host.to_owned()])?.signed_by(&key, &self.issuer)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// What a service of this authority has, who believes `trusted`.
    fn service(&self, host: &str, trusted: &Self) -> anyhow::Result<Tls> {
        let (certificate, key) = self.sign(host)?;
        Ok(Tls::new(
            certificate.as_bytes(),
            key.as_bytes(),
            trusted.certificate.as_bytes(),
        ))
    }
}

async fn ask(channel: Channel) -> fault::Result<i64> {
    let client = BillingServiceClient::new(channel);
    let request = GetBalanceRequest {
        workspace: "acme".into(),
    };
    let answer = rpc::call(Deadline::INTERACTIVE, request, |request| {
        let mut client = client.clone();
        async move { client.get_balance(request).await }
    });
    Ok(answer
        .await?
        .balance
        .map(|balance| balance.available_micro_pu)
        .unwrap_or_default())
}

#[tokio::test]
async fn only_services_of_the_authority_are_answered() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let (ours, strange) = (Authority::new()?, Authority::new()?);
    let running = billing.with_tls(ours.service("127.0.0.1", &ours)?).await?;
    let (secure, plain) = (format!("https://{}", running.grpc), format!("http://{}", running.grpc));

    let peer = Connector::new(Some(ours.service("gateway", &ours)?));
    assert_eq!(ask(peer.connect(&secure)?).await?, 10_000_000);
    assert!(peer.connect(&plain).is_err(), "no plain text by mistake");

    let stranger = Connector::new(Some(strange.service("gateway", &ours)?));
    assert!(
        ask(stranger.connect(&secure)?).await.is_err(),
        "a certificate of another authority"
    );
    assert!(ask(rpc::connect(&plain)?).await.is_err(), "no certificate");
    let anonymous = tonic::transport::ClientTlsConfig::new()
        .ca_certificate(tonic::transport::Certificate::from_pem(&ours.certificate));
    let anonymous = Channel::from_shared(secure.clone())?
        .tls_config(anonymous)?
        .connect_lazy();
    assert!(ask(anonymous).await.is_err(), "TLS without a certificate");

    let doubting = Connector::new(Some(ours.service("gateway", &strange)?));
    assert!(
        ask(doubting.connect(&secure)?).await.is_err(),
        "the caller believes another authority"
    );
    let elsewhere = billing.with_tls(ours.service("billing.example", &ours)?).await?;
    let elsewhere = peer.connect(&format!("https://{}", elsewhere.grpc))?;
    assert!(ask(elsewhere).await.is_err(), "a certificate for another host");
    running.stop().await;
    Ok(())
}
