//! What a failed call said, in one form for all services.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::limits::NotMade;

/// In place of AWS's error code, where no answer came in time.
pub(super) const TIMEOUT: &str = "Timeout";

/// Why a call failed.
#[derive(Debug, Clone)]
pub(super) struct CallError {
    /// AWS's error code; the HTTP status where the answer had none; or the kind of failure.
    pub code: String,
    pub message: String,
}

impl CallError {
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> CallError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        if let Some(not_made) = not_made(error) {
            return CallError::not_made(not_made);
        }
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = match (error.code(), status, error) {
            (Some(code), _, _) => code.to_owned(),
            (None, Some(200..300), _) => "Unreadable".to_owned(),
            (None, Some(status), _) => status.to_string(),
            (None, None, SdkError::TimeoutError(_)) => TIMEOUT.to_owned(),
            (None, None, SdkError::DispatchFailure(_)) => "NoConnection".to_owned(),
            (None, None, _) => "Failed".to_owned(),
        };
        let message = match error.message() {
            Some(message) => message.to_owned(),
            // The chain of causes: "connection refused" stands at its end.
            None => shorten(&DisplayErrorContext(error).to_string()),
        };
        CallError { code, message }
    }

    /// As one text.
    pub(super) fn of_call(&self, call: &str) -> String {
        format!("{call}: {}: {}", self.code, self.message)
    }

    /// The call was not made.
    pub(super) fn not_made(why: NotMade) -> CallError {
        CallError { code: why.code().to_owned(), message: why.to_string() }
    }

    /// The answer did not have the documented form, or ended before its end.
    pub(super) fn unreadable(message: impl Into<String>) -> CallError {
        CallError { code: "Unreadable".to_owned(), message: message.into() }
    }
}

/// Somewhere in the chain of causes: the run's own limits.
fn not_made(error: &(dyn std::error::Error + 'static)) -> Option<NotMade> {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes.find_map(|cause| cause.downcast_ref::<NotMade>().copied())
}

/// The SDK prints the whole answer behind its causes; a reader needs the causes.
fn shorten(text: &str) -> String {
    const SHOWN: usize = 300;
    const DETAILS: [&str; 6] =
        ["DispatchFailure", "Unhandled", "ServiceError", "TimeoutError", "ConstructionFailure", "ResponseError"];
    let text =
        DETAILS.into_iter().fold(text, |text, detail| text.split(&format!(" ({detail}(")).next().unwrap_or(text));
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
