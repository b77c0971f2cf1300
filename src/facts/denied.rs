//! Requests that were turned away.

use crate::snapshot::AccessRecord;

/// Error codes of requests that were turned away: refused (403), or answered before anybody asked who may (Amazon S3 API
/// Reference, "Error responses"). They are shown, and touched nothing.
const TURNED_AWAY: [&str; 31] = [
    "AccessDenied",
    "AccessDeniedException",
    "AccessForbidden",
    "AccountProblem",
    "AllAccessDisabled",
    "AuthorizationHeaderMalformed",
    "AuthorizationQueryParametersError",
    "Client.UnauthorizedOperation",
    "CrossLocationLoggingProhibited",
    "ExpiredToken",
    "ExpiredTokenException",
    "Forbidden",
    "IncorrectEndpoint",
    "InvalidAccessKeyId",
    "InvalidAccessPoint",
    "InvalidObjectState",
    "InvalidPayer",
    "InvalidRegion",
    "InvalidSecurity",
    "InvalidToken",
    "MethodNotAllowed",
    "MissingSecurityHeader",
    "NotSignedUp",
    "PermanentRedirect",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "ServiceUnavailable",
    "SignatureDoesNotMatch",
    "SlowDown",
    "TemporaryRedirect",
    "TokenRefreshRequired",
];

pub(super) fn is_denied(access: &AccessRecord) -> bool {
    let is_turned_away = |code: &str| {
        // The key that an object is encrypted with was refused, disabled, or is gone.
        TURNED_AWAY.contains(&code) || code.starts_with("KMS.") || code == "403"
    };
    access.error_code.as_deref().is_some_and(is_turned_away)
}
