//! Roles of other accounts, and the credentials that they give.
//!
//! The SDK's own provider makes its calls beside the limits of the run: it would ask on after the budget or a signal, and give up
//! where a proxy answers 429.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result, future};
use aws_sdk_sts::config::Credentials;
use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role::builders::AssumeRoleFluentBuilder;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;

use super::accounts::Entered;
use super::ask_identity;
use super::call_error::CallError;
use super::client::Aws;
use crate::config::ScanAccount;

/// Asks for credentials whenever those that it gave before are about to end.
#[derive(Debug)]
struct AssumedRole(AssumeRoleFluentBuilder);

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.ask())
    }
}

impl AssumedRole {
    async fn ask(&self) -> Result {
        let answer = self.0.clone().send().await.map_err(CredentialsError::provider_error)?;
        let given = answer.credentials().ok_or_else(|| CredentialsError::unhandled("the answer has no credentials"))?;
        let end = SystemTime::try_from(*given.expiration()).map_err(CredentialsError::unhandled)?;
        let token = Some(given.session_token().to_owned());
        Ok(Credentials::new(given.access_key_id(), given.secret_access_key(), token, Some(end), "AssumeRole"))
    }
}

/// One for all roles of a scan.
pub(super) fn session_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("trailcheck-{}", now.as_secs())
}

/// `session`: what the account's own CloudTrail shows beside our calls.
pub(super) async fn assume(
    aws: &Aws,
    account: &ScanAccount,
    role: &str,
    session: &str,
) -> std::result::Result<Entered, CallError> {
    let call = aws.sts_of_roles().assume_role().role_arn(role).role_session_name(session);
    // Without DurationSeconds the credentials last an hour, which is the most for a role that is assumed by a role.
    let aws = aws.with_credentials(AssumedRole(call.set_external_id(account.external_id.clone())));
    // The first call, which asks for the credentials: so a refusal is one failure, and not one for each call.
    let caller = ask_identity(&aws).await.map_err(|error| refusal(&error, account.external_id.is_some()))?;
    match caller {
        Some(caller) if caller.account == account.id => Ok(Entered { aws, caller }),
        Some(other) => {
            let message = format!("the role's credentials are of account {} ({})", other.account, other.arn);
            Err(CallError { code: "OtherAccount".to_owned(), message })
        }
        None => Err(CallError::unreadable("sts:GetCallerIdentity names no account")),
    }
}

/// AWS answers alike where there is no such role, where it does not trust the caller, and where the external id is another.
fn refusal(error: &SdkError<GetCallerIdentityError, HttpResponse>, with_external_id: bool) -> CallError {
    let first: &(dyn std::error::Error + 'static) = error;
    let mut causes = std::iter::successors(Some(first), |error| error.source());
    let Some(answer) = causes.find_map(|cause| cause.downcast_ref::<AssumeRoleError>()) else {
        return CallError::of(error);
    };
    let code = answer.code().unwrap_or("Failed").to_owned();
    let mut message = answer.message().unwrap_or("no message").to_owned();
    if code.contains("AccessDenied") {
        let external_id = match with_external_id {
            true => "its trust policy does not ask for the external id of the config",
            false => "its trust policy asks for an external id, and the config has none",
        };
        message.push_str(&format!(
            "; there is no such role, or its trust policy does not allow the caller, or {external_id}, or the caller may not call sts:AssumeRole"
        ));
    }
    CallError { code, message }
}
