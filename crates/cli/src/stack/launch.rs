//! Starting, killing and stopping it all.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bus::StreamSizes;
use events::login;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use testkit::servers::{Exit, Process, Spawn, free_port};
use testkit::{
    Nats, NatsOptions, OtlpSink, Postgres, PostgresOptions, SinkWeb, SmsOptions, SmsSink, SmtpSink, eventually,
};
use tokio::net::TcpListener;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::ports::Ports;
use super::secrets::{ANYTHING, Secrets};
use super::{Endpoints, Service};

const READY_WITHIN: Duration = Duration::from_secs(60);
/// A service drains for 15 s at most, and then sends what it measured for 3 s.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// How a [`Stack`] is started.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// Keeps data, ports and logs there; none: a temporary folder.
    pub folder: Option<PathBuf>,
    /// Divides the product's durations; 1 is real time.
    pub time_scale: f64,
    /// PostgreSQL keeps its promises after a power cut.
    pub durable: bool,
    /// More settings for every service.
    pub settings: Vec<(String, String)>,
    /// Which services run.
    pub services: Vec<Service>,
    /// NATS has one more user who may do everything, for measurements and for tests that break things.
    pub unrestricted: bool,
}

impl Default for StackOptions {
    fn default() -> Self {
        Self {
            folder: None,
            time_scale: 1.0,
            durable: false,
            settings: Vec::new(),
            services: Service::ALL.to_vec(),
            unrestricted: false,
        }
    }
}

/// The running system. Its children die with it.
#[derive(Debug)]
pub struct Stack {
    pub nats: Nats,
    pub postgres: Postgres,
    pub sms: SmsSink,
    pub smtp: SmtpSink,
    pub otlp: OtlpSink,
    pub endpoints: Endpoints,
    services: BTreeMap<Service, Process>,
    secrets: Secrets,
    replicas: Vec<Process>,
    folder: PathBuf,
    settings: Vec<(String, String)>,
    _web: SinkWeb,
    temporary: Option<tempfile::TempDir>,
}

impl Stack {
    /// Starts servers and sinks, migrates, starts the services and waits until all are ready.
    pub async fn start(options: StackOptions) -> Result<Self> {
        let mut stack = Self::prepare(&options).await?;
        let migrations = options.services.iter().map(|service| stack.migrate(*service));
        futures::future::try_join_all(migrations).await?;
        for service in &options.services {
            stack.spawn(*service)?;
        }
        for service in &options.services {
            stack.ready(*service).await?;
        }
        stack.endpoints.save(&stack.folder)?;
        Ok(stack)
    }

    /// Everything but the services.
    async fn prepare(options: &StackOptions) -> Result<Self> {
        let (folder, temporary) = match &options.folder {
            Some(folder) => (folder.clone(), None),
            None => {
                let temporary = tempfile::Builder::new().prefix("homing-stack-").tempdir()?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let logs = folder.join("log");
        std::fs::create_dir_all(&logs).with_context(|| format!("cannot create {}", logs.display()))?;
        let folder = folder.canonicalize()?;
        let logs = folder.join("log");
        let mut ports = Ports::new(options.folder.as_ref().map(|_| folder.join("ports.json")));
        let postgres = Postgres::start(PostgresOptions {
            data: Some(folder.join("postgres")),
            port: Some(ports.take("postgres")?),
            durable: options.durable,
            log: Some(logs.join("postgres.log")),
        });
        let nats_config = folder.join("nats.conf");
        let secrets = Secrets::open(&folder)?;
        secrets.configure_nats(&nats_config, options.unrestricted)?;
        let nats = Nats::start(NatsOptions {
            store: Some(folder.join("nats")),
            port: Some(ports.take("nats")?),
            monitor: true,
            config: Some(nats_config),
            log: Some(logs.join("nats.log")),
        });
        let (postgres, nats) = tokio::try_join!(postgres, nats)?;
        let sms = SmsSink::on(SmsOptions::default(), listen(ports.take("sms")?).await?)?;
        let smtp = SmtpSink::on(listen(ports.take("smtp")?).await?)?;
        let otlp = OtlpSink::on(listen(ports.take("otlp")?).await?)?;
        let web = SinkWeb::on(&sms, &smtp, &otlp, listen(ports.take("sinks")?).await?)?;
        let mut services = BTreeMap::new();
        for service in Service::ALL {
            services.insert(
                service.short().to_owned(),
                format!("http://127.0.0.1:{}", ports.take(service.short())?),
            );
        }
        let endpoints = Endpoints {
            pid: std::process::id(),
            time_scale: options.time_scale,
            nats: secrets.nats_url(&nats.url(), login::OPERATOR.name),
            postgres: postgres.url(""),
            gateway: format!("http://127.0.0.1:{}", ports.take("http")?),
            services,
            sinks: web.url().to_owned(),
            sms: sms.url().to_owned(),
            smtp: smtp.url().to_owned(),
            otlp: otlp.url().to_owned(),
            logs,
        };
        ports.save()?;
        let mut stack = Self {
            nats,
            postgres,
            sms,
            smtp,
            otlp,
            endpoints,
            services: BTreeMap::new(),
            secrets,
            replicas: Vec::new(),
            folder,
            settings: Vec::new(),
            _web: web,
            temporary,
        };
        stack.settings = stack.common_settings(options);
        Ok(stack)
    }

    fn common_settings(&self, options: &StackOptions) -> Vec<(String, String)> {
        let sms = self.sms.options();
        let mut settings: Vec<(String, String)> = [
            ("HOMING_PUBLIC_URL", self.endpoints.gateway.clone()),
            ("HOMING_SMTP_URL", self.endpoints.smtp.clone()),
            ("HOMING_SMS_PROVIDER", "twilio".to_owned()),
            ("HOMING_TWILIO_BASE_URL", self.endpoints.sms.clone()),
            ("HOMING_TWILIO_ACCOUNT_SID", sms.account_sid.clone()),
            ("HOMING_TWILIO_AUTH_TOKEN", sms.auth_token.clone()),
            ("HOMING_NOTIFIER_LINK_KEY", self.secrets.link_key.clone()),
            ("HOMING_GATEWAY_MAIL_SECRET", self.secrets.mail_secret.clone()),
            // The sink shows a text as soon as it has it.
            ("HOMING_NOTIFIER_TEXT_SETTLE_MS", "2000".to_owned()),
            (
                "HOMING_CONVERSATION_NATS_ISSUER_SEED",
                self.secrets.nats_issuer_seed.clone(),
            ),
            ("HOMING_TIME_SCALE", options.time_scale.to_string()),
            ("HOMING_FACTS_MAX_BYTES", StreamSizes::SMALL.facts.to_string()),
            ("HOMING_HISTORY_MAX_BYTES", StreamSizes::SMALL.history.to_string()),
            ("HOMING_INGEST_MAX_BYTES", StreamSizes::SMALL.ingest.to_string()),
            ("HOMING_DEAD_MAX_BYTES", StreamSizes::SMALL.dead.to_string()),
            // One developer's integrations are trusted.
            ("HOMING_CONVERSATION_FACTS_SCOPE", "true".to_owned()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", self.endpoints.otlp.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        for service in Service::ALL {
            settings.push((service.url_variable(), self.endpoints.services[service.short()].clone()));
        }
        settings.extend(options.settings.iter().cloned());
        settings
    }

    /// The URL of NATS with the credentials of a user of the catalogue, or of the one without limits if
    /// [`StackOptions::unrestricted`] asked for it (`None`).
    pub fn nats_url(&self, user: Option<&str>) -> String {
        self.secrets.nats_url(&self.nats.url(), user.unwrap_or(ANYTHING))
    }

    /// What a mail server shows the gateway to hand mails over.
    pub fn mail_secret(&self) -> &str {
        &self.secrets.mail_secret
    }

    /// Starts a service that was killed or stopped, and waits until it is ready.
    pub async fn restart(&mut self, service: Service) -> Result<()> {
        self.spawn(service)?;
        self.ready(service).await
    }

    /// Starts another process of a service beside the first, on a port that nobody is told, and waits until it is
    /// ready.
    pub async fn add_replica(&mut self, service: Service) -> Result<()> {
        let name = service.short();
        let address = format!("127.0.0.1:{}", free_port()?);
        let mut spawn = self.command(service)?.arg("serve").env("HOMING_GRPC_LISTEN", &address);
        if service == Service::Gateway {
            spawn = spawn.env("HOMING_HTTP_LISTEN", format!("127.0.0.1:{}", free_port()?));
        }
        let log = self
            .endpoints
            .logs
            .join(format!("{name}-{}.log", self.replicas.len() + 2));
        let mut process = Process::spawn(&service.binary(), spawn, &log)?;
        let url = format!("http://{address}");
        let ready = eventually(format!("another {name}-service is ready"), READY_WITHIN, async || {
            healthy(&url).await.then_some(())
        });
        tokio::select! {
            ready = ready => ready?,
            exit = process.ended() => return Err(exit?.into()),
        }
        self.replicas.push(process);
        Ok(())
    }

    /// Sends a service a signal by name, for example `STOP` or `CONT`.
    pub async fn signal(&self, service: Service, signal: &str) -> Result<()> {
        let process = self.services.get(&service);
        process.context("the service does not run")?.signal(signal).await
    }

    /// Fails if a child has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        let children = self.services.values_mut().chain(&mut self.replicas);
        children
            .chain([self.nats.process(), self.postgres.process()])
            .try_for_each(Process::check)
    }

    /// SIGKILL.
    pub async fn kill(&mut self, service: Service) -> Result<()> {
        match self.services.remove(&service) {
            Some(mut process) => process.kill().await,
            None => bail!("{service}-service does not run"),
        }
    }

    /// SIGTERM. Fails if the service does not end by itself, in time and with success.
    pub async fn stop_service(&mut self, service: Service) -> Result<()> {
        match self.services.remove(&service) {
            Some(mut process) => process.stop_in_order(STOP_WITHIN).await,
            None => bail!("{service}-service does not run"),
        }
    }

    /// Resolves when a child ends by itself.
    pub async fn first_exit(&mut self) -> Result<Exit> {
        let children = self
            .services
            .values_mut()
            .chain([self.nats.process(), self.postgres.process()]);
        let mut ends: FuturesUnordered<_> = children.map(Process::ended).collect();
        ends.next().await.context("there are no children")?
    }

    /// Stops the services in the reverse order of their start, then the servers. Stops them all, and then fails if a
    /// service that still ran did not end in order.
    pub async fn stop(mut self) -> Result<()> {
        Endpoints::forget(&self.folder);
        let mut services = std::mem::take(&mut self.services);
        let in_turn = Service::ALL.into_iter().rev().filter_map(|one| services.remove(&one));
        let mut disorder = Vec::new();
        for mut process in self.replicas.drain(..).chain(in_turn) {
            // How those ended that are no more is told by `check` and `first_exit`.
            if process.check().is_ok()
                && let Err(error) = process.stop_in_order(STOP_WITHIN).await
            {
                disorder.push(format!("{error:#}"));
            }
        }
        self.nats.stop().await?;
        self.postgres.stop().await?;
        if disorder.is_empty() {
            Ok(())
        } else {
            bail!("not everything stopped in order: {}", disorder.join("\n"))
        }
    }

    /// Copies the logs out of a temporary folder that is about to go, and says where to.
    pub fn keep_logs(&self) -> Result<PathBuf> {
        if self.temporary.is_none() {
            return Ok(self.endpoints.logs.clone());
        }
        let kept = std::env::temp_dir().join(format!("homing-logs-{}", std::process::id()));
        std::fs::create_dir_all(&kept)?;
        for entry in std::fs::read_dir(&self.endpoints.logs)? {
            let entry = entry?;
            std::fs::copy(entry.path(), kept.join(entry.file_name()))?;
        }
        Ok(kept)
    }

    async fn migrate(&self, service: Service) -> Result<()> {
        let name = service.short();
        self.postgres.ensure_database(name).await?;
        let log = self.endpoints.logs.join(format!("{name}-migrate.log"));
        let spawn = self
            .command(service)?
            .arg("migrate")
            .env("HOMING_ADMIN_DATABASE_URL", self.postgres.url(name));
        let mut process = Process::spawn(&format!("{name}-service migrate"), spawn, &log)?;
        let exit = process.ended().await?;
        if exit.status.success() {
            Ok(())
        } else {
            Err(exit.into())
        }
    }

    fn spawn(&mut self, service: Service) -> Result<()> {
        let address = |url: &str| url.trim_start_matches("http://").to_owned();
        let name = service.short();
        let mut spawn = self.command(service)?.arg("serve");
        spawn = spawn.env("HOMING_GRPC_LISTEN", address(&self.endpoints.services[name]));
        if service == Service::Gateway {
            spawn = spawn.env("HOMING_HTTP_LISTEN", address(&self.endpoints.gateway));
        }
        let log = self.endpoints.logs.join(format!("{name}.log"));
        self.services
            .insert(service, Process::spawn(&service.binary(), spawn, &log)?);
        Ok(())
    }

    fn command(&self, service: Service) -> Result<Spawn> {
        let name = service.short();
        let mut spawn = Spawn::new(&[], beside_us(&service.binary())?).without("HOMING_");
        let login = self.postgres.url(name).replacen("postgres@", &format!("{name}@"), 1);
        spawn = spawn
            .env("HOMING_DATABASE_URL", login)
            .env("HOMING_NATS_URL", self.secrets.nats_url(&self.nats.url(), name));
        for (variable, value) in self.settings.iter().filter(|(name, _)| service.may_know(name)) {
            spawn = spawn.env(variable, value);
        }
        Ok(spawn)
    }

    async fn ready(&mut self, service: Service) -> Result<()> {
        let (grpc, http) = (
            self.endpoints.services[service.short()].clone(),
            self.endpoints.gateway.clone(),
        );
        let process = self.services.get_mut(&service).context("the service was not started")?;
        let serves = async || match service {
            Service::Gateway => answers(&format!("{http}/healthz")).await,
            _ => says_serving(&grpc, "").await,
        };
        let ready = eventually(format!("{service}-service is ready"), READY_WITHIN, async || {
            serves().await.then_some(())
        });
        tokio::select! {
            ready = ready => Ok(ready?),
            exit = process.ended() => Err(exit?.into()),
        }
    }
}

/// gRPC health says that the process lives; a replica that waits for its turn need not be ready.
pub(crate) async fn healthy(url: &str) -> bool {
    says_serving(url, rpc::LIVE).await
}

/// gRPC health says SERVING for a service, or (without a name) for the server as a whole.
pub(crate) async fn says_serving(url: &str, service: &str) -> bool {
    let Ok(channel) = rpc::connect(url) else { return false };
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = HealthClient::new(channel).check(request).await;
    answer.is_ok_and(|answer| answer.into_inner().status == i32::from(ServingStatus::Serving))
}

async fn answers(url: &str) -> bool {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(2))
        .build();
    let Ok(client) = client else { return false };
    client
        .get(url)
        .send()
        .await
        .is_ok_and(|response| response.status().is_success())
}

async fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| format!("cannot listen on port {port}"))
}

/// A binary in our own folder, or (for test binaries) in the one above.
pub fn beside_us(name: &str) -> Result<PathBuf> {
    let us = std::env::current_exe()?;
    let found = us
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    found.with_context(|| {
        format!("{name} does not lie beside this program: build the workspace (cargo build --workspace --bins)")
    })
}
