//! SDK clients: the standard chain for credentials, region and endpoint, one client a service and region.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, ConnectorBuilder, tls};
use aws_smithy_runtime::client::retries::classifiers::HttpStatusCodeClassifier;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::CollectError;
use super::call_counts::CallCounts;
use super::limits::{CallLimits, Limits};
use crate::snapshot::Calls;

/// How long a try may take. The SDK has no default for it: a call that nobody answers would never end.
fn timeouts(of_a_try: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(of_a_try)
        .operation_timeout(of_a_try * 6)
        .build()
}

/// How long credentials may take, with all tries.
const CREDENTIALS: Duration = Duration::from_secs(60);

/// A client of a service in a region, within the limits of the run.
macro_rules! client {
    ($aws:expr, $sdk:ident, $service:literal, $region:expr $(, $option:ident($value:expr))?) => {{
        let config = $sdk::config::Builder::from(&$aws.shared)
            .region(Region::new($region.to_owned()))
            // Load balancers and proxies answer so, without a code that the SDK would know.
            .retry_classifier(HttpStatusCodeClassifier::new_from_codes(&[429][..]))
            .interceptor($aws.limits.of($service, $region))
            .interceptor($aws.counts.of($service))
            $(.$option($value))?;
        $sdk::Client::from_conf(config.build())
    }};
}

/// One for all clients: each client that makes its own reads the machine's root certificates and opens connections of its own, for
/// every call of ours. Otherwise as the SDK makes it, with the proxy of the environment.
fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
        let mut connector = ConnectorBuilder::default().tls_provider(provider);
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}

/// Clones share their connections and what their limits noted.
#[derive(Clone)]
pub(super) struct Aws {
    shared: SdkConfig,
    /// A local endpoint has no host name for each bucket.
    path_style: bool,
    home_region: String,
    limits: Limits,
    counts: CallCounts,
}

impl Aws {
    /// `first_region`: where global calls go; `None`: the chain's region.
    pub(super) async fn load(first_region: Option<String>, limits: Limits) -> Result<Aws, CollectError> {
        check_environment()?;
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client())
            // More than the SDK's three: throttled control-plane calls come through on a later try.
            .retry_config(RetryConfig::standard().with_max_attempts(6))
            .timeout_config(timeouts(Duration::from_secs(20)));
        if let Some(region) = first_region {
            loader = loader.region(Region::new(region));
        }
        let shared = loader.load().await;
        let region = shared.region().map(ToString::to_string).filter(|region| !region.is_empty());
        let home_region = region.ok_or(CollectError::NoRegion)?;
        let path_style = shared.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
        Ok(Aws { shared, path_style, home_region, limits, counts: CallCounts::default() })
    }

    /// The same with the credentials of another account, which are kept apart from all others: a cache that many share forgets some.
    pub(super) fn with_credentials(&self, provider: impl ProvideCredentials + 'static) -> Aws {
        let shared = self.shared.clone().into_builder();
        let shared = shared
            .credentials_provider(SharedCredentialsProvider::new(provider))
            .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS).build());
        Aws { shared: shared.build(), ..self.clone() }
    }

    /// By how much this machine's clock differs from AWS's, as far as answers tell.
    pub(super) fn clock_skew(&self) -> time::Duration {
        self.limits.skew()
    }

    /// By service and operation, how many calls were made until now.
    pub(super) fn calls(&self) -> BTreeMap<String, Calls> {
        self.counts.all()
    }

    /// The hosts that were asked and are not AWS's: an environment or a profile may name them.
    pub(super) fn other_hosts(&self) -> BTreeSet<String> {
        self.limits.other_hosts()
    }

    /// Where global calls go.
    pub(super) fn home_region(&self) -> &str {
        &self.home_region
    }

    /// The first call: it shows at once whether credentials and endpoint work, so it is not tried for long.
    pub(super) fn sts(&self) -> aws_sdk_sts::Client {
        let retries = RetryConfig::standard().with_max_attempts(2);
        client!(self, aws_sdk_sts, "sts", &self.home_region, retry_config(retries))
    }

    /// The same for the roles of other accounts, each of which is asked for like anything else.
    pub(super) fn sts_of_roles(&self) -> aws_sdk_sts::Client {
        client!(self, aws_sdk_sts, "sts", &self.home_region)
    }

    pub(super) fn account(&self) -> aws_sdk_account::Client {
        client!(self, aws_sdk_account, "account", &self.home_region)
    }

    pub(super) fn organizations(&self) -> aws_sdk_organizations::Client {
        client!(self, aws_sdk_organizations, "organizations", &self.home_region)
    }

    pub(super) fn cloudtrail(&self, region: &str) -> aws_sdk_cloudtrail::Client {
        client!(self, aws_sdk_cloudtrail, "cloudtrail", region)
    }

    pub(super) fn redshift(&self, region: &str) -> aws_sdk_redshift::Client {
        client!(self, aws_sdk_redshift, "redshift", region)
    }

    pub(super) fn cloudwatch_logs(&self, region: &str) -> aws_sdk_cloudwatchlogs::Client {
        client!(self, aws_sdk_cloudwatchlogs, "logs", region)
    }

    pub(super) fn redshift_data(&self, region: &str) -> aws_sdk_redshiftdata::Client {
        client!(self, aws_sdk_redshiftdata, "redshift-data", region)
    }

    pub(super) fn redshift_serverless(&self, region: &str) -> aws_sdk_redshiftserverless::Client {
        client!(self, aws_sdk_redshiftserverless, "redshift-serverless", region)
    }

    /// The limits of the bodies of a region's objects, which arrive after the call was answered.
    pub(super) fn bodies(&self, region: &str) -> CallLimits {
        self.limits.of("bodies of s3", region)
    }

    pub(super) fn s3(&self, region: &str) -> aws_sdk_s3::Client {
        client!(self, aws_sdk_s3, "s3", region, force_path_style(self.path_style))
    }
}

/// What the SDK would stop at with a panic, or a message that says nothing.
fn check_environment() -> Result<(), CollectError> {
    let refuse = |name: &str, why: &str| Err(CollectError::Environment { name: name.to_owned(), why: why.to_owned() });
    for (name, value) in std::env::vars_os() {
        let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
        if name.starts_with("AWS_ENDPOINT_URL") && !(value.starts_with("http://") || value.starts_with("https://")) {
            let why = if value.is_empty() { "it is set, and empty" } else { "it is no URL: expected https://HOST" };
            return refuse(&name, why);
        }
        let is_credential = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].contains(&&*name);
        if is_credential && value.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return refuse(&name, "there is a blank or a line break in it");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Instant;

    use aws_sdk_sts::config::Credentials;

    use super::*;
    use crate::collect::call_error::CallError;

    /// Clients of a server that takes every connection and answers none.
    async fn of_silent(server: &TcpListener, attempts: u32, limits: Limits) -> Aws {
        let url = format!("http://{}", server.local_addr().unwrap());
        of_endpoint(&url, Duration::from_millis(100), attempts, limits).await
    }

    async fn of_endpoint(url: &str, of_a_try: Duration, attempts: u32, limits: Limits) -> Aws {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(url)
            .credentials_provider(Credentials::new("testing", "testing", None, None, "test"))
            .retry_config(RetryConfig::standard().with_max_attempts(attempts))
            .timeout_config(timeouts(of_a_try))
            .load()
            .await;
        Aws {
            shared: config,
            path_style: true,
            home_region: "us-east-1".to_owned(),
            limits,
            counts: CallCounts::default(),
        }
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    async fn trails(aws: &Aws, region: &str) -> CallError {
        aws.cloudtrail(region).describe_trails().send().await.map_err(|error| CallError::of(&error)).unwrap_err()
    }

    #[test]
    fn a_call_that_nobody_answers_ends() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let began = Instant::now();
        let error = runtime().block_on(async {
            let aws = of_silent(&silent, 3, Limits::new(None)).await;
            aws.sts().get_caller_identity().send().await.map_err(|error| CallError::of(&error)).unwrap_err()
        });
        assert_eq!(error.code, "Timeout", "{error:?}");
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_service_that_is_silent_in_a_region_is_not_asked_again_there() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        runtime().block_on(async {
            let aws = of_silent(&silent, 1, Limits::with_silence(Duration::ZERO)).await;
            for call in 1..=6 {
                let error = trails(&aws, "us-east-1").await;
                assert!(!error.message.contains("not asked"), "{call}: {error:?}");
            }
            let error = trails(&aws, "us-east-1").await;
            assert!(error.code == "Timeout" && error.message.contains("not asked again"), "{error:?}");
            // Another region may answer.
            assert!(!trails(&aws, "eu-west-1").await.message.contains("not asked"));
        });
    }

    /// Whoever stands before a service may ask to wait without a word of the service's own.
    #[test]
    fn too_many_requests_are_made_again() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = server.local_addr().unwrap();
        let answers = std::thread::spawn(move || {
            for (status, body) in [("429 Too Many Requests", ""), ("200 OK", r#"{"trailList":[]}"#)] {
                let (mut connection, _) = server.accept().unwrap();
                let mut request = [0; 8192];
                assert!(connection.read(&mut request).unwrap() > 0);
                let length = body.len();
                write!(connection, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
                    .unwrap();
            }
        });
        let other_hosts = runtime().block_on(async {
            let aws = of_endpoint(&format!("http://{host}"), Duration::from_secs(20), 2, Limits::new(None)).await;
            aws.cloudtrail("us-east-1").describe_trails().send().await.unwrap();
            aws.other_hosts()
        });
        answers.join().unwrap();
        assert_eq!(other_hosts, [host.to_string()].into());
    }

    #[test]
    fn past_the_budget_nothing_is_asked() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let error = runtime().block_on(async {
            let aws = of_silent(&silent, 1, Limits::new(Some(Duration::ZERO))).await;
            trails(&aws, "us-east-1").await
        });
        assert_eq!(error.code, "BudgetUsedUp", "{error:?}");
    }
}
