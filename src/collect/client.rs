//! SDK clients: the standard chain for credentials, region and endpoint, one client a service and region.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};

use super::CollectError;

pub struct Aws {
    shared: SdkConfig,
    /// A local endpoint has no host name for each bucket.
    path_style: bool,
    home_region: String,
}

impl Aws {
    /// `first_region`: where global calls go; `None`: the chain's region.
    pub async fn load(first_region: Option<String>) -> Result<Aws, CollectError> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            // More than the SDK's three: throttled control-plane calls come through on a later try.
            .retry_config(RetryConfig::standard().with_max_attempts(6))
            // The SDK has no default for the time of a call.
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(5))
                    .operation_attempt_timeout(Duration::from_secs(20))
                    .operation_timeout(Duration::from_secs(120))
                    .build(),
            );
        if let Some(region) = first_region {
            loader = loader.region(Region::new(region));
        }
        let shared = loader.load().await;
        let home_region = shared.region().ok_or(CollectError::NoRegion)?.to_string();
        let path_style = shared.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
        Ok(Aws { shared, path_style, home_region })
    }

    /// Where global calls go.
    pub fn home_region(&self) -> &str {
        &self.home_region
    }

    /// The first call: it shows at once whether credentials and endpoint work, so it is not tried for long.
    pub fn sts(&self) -> aws_sdk_sts::Client {
        let retries = RetryConfig::standard().with_max_attempts(2);
        let config = aws_sdk_sts::config::Builder::from(&self.shared).retry_config(retries);
        aws_sdk_sts::Client::from_conf(config.build())
    }

    pub fn account(&self) -> aws_sdk_account::Client {
        aws_sdk_account::Client::new(&self.shared)
    }

    pub fn cloudtrail(&self, region: &str) -> aws_sdk_cloudtrail::Client {
        let config = aws_sdk_cloudtrail::config::Builder::from(&self.shared).region(Region::new(region.to_owned()));
        aws_sdk_cloudtrail::Client::from_conf(config.build())
    }

    pub fn redshift(&self, region: &str) -> aws_sdk_redshift::Client {
        let config = aws_sdk_redshift::config::Builder::from(&self.shared).region(Region::new(region.to_owned()));
        aws_sdk_redshift::Client::from_conf(config.build())
    }

    pub fn redshift_serverless(&self, region: &str) -> aws_sdk_redshiftserverless::Client {
        let config =
            aws_sdk_redshiftserverless::config::Builder::from(&self.shared).region(Region::new(region.to_owned()));
        aws_sdk_redshiftserverless::Client::from_conf(config.build())
    }

    pub fn s3(&self, region: &str) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.shared)
            .region(Region::new(region.to_owned()))
            .force_path_style(self.path_style);
        aws_sdk_s3::Client::from_conf(config.build())
    }
}
