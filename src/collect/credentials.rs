//! What to do where nobody can tell who is asking: the SDK's chain of causes says what happened, and not what it means.

/// In words, with what to do next; `None`: it is something else.
///
/// `error`: the whole chain of causes. `profile`: what AWS_PROFILE says. The SDK's texts are pinned by tests against its own
/// providers.
pub(super) fn explained(error: &str, profile: Option<&str>) -> Option<String> {
    let name = profile.filter(|profile| !profile.is_empty()).unwrap_or("default");
    let between = |start: &str, end: &str| error.split_once(start)?.1.split_once(end).map(|(inner, _)| inner);
    if let Some(missing) = between("profile `", "` was not defined") {
        return Some(match missing {
            "" => "AWS_PROFILE is set, and empty: unset it, or name a profile of ~/.aws/config".to_owned(),
            missing if missing == name => format!(
                "there is no profile `{missing}` in ~/.aws/config or ~/.aws/credentials (AWS_PROFILE names it); `aws configure list-profiles` lists those that there are"
            ),
            missing => format!(
                "the profile `{name}` takes its credentials from `{missing}` (source_profile), which is not in ~/.aws/config"
            ),
        });
    }
    let is_sso =
        error.contains("SSO token") || error.contains("/sso/cache/") || error.contains("sso:") || error.contains("SSO");
    if is_sso {
        return Some(format!("the SSO session of profile `{name}` is missing or over: aws sso login --profile {name}"));
    }
    if error.contains("external process exited") {
        return Some(format!("the credential_process of profile `{name}` failed; run it by hand to see why"));
    }
    if error.contains("no credentials found in chain") || error.contains("the credential provider was not enabled") {
        return Some(
            "there are no credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role gives them (OIDC, ECS, EC2)"
                .to_owned(),
        );
    }
    let is_denied = error.contains("AccessDenied") || error.contains("not authorized to perform: sts:AssumeRole");
    if is_denied {
        let role = between("on resource: ", "\"").or_else(|| error.split_once("on resource: ").map(|(_, rest)| rest));
        let role =
            role.and_then(|rest| rest.split_whitespace().next()).map(|role| format!(" {role}")).unwrap_or_default();
        return Some(format!(
            "the role{role} of profile `{name}` may not be assumed: its trust policy must allow the source's principal, and that must be allowed sts:AssumeRole"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_is_said() {
        for (error, profile, expected) in [
            ("Profile: profile `none` was not defined: could not", Some("none"), "there is no profile `none`"),
            ("profile `base` was not defined: could not", Some("prod"), "takes its credentials from `base`"),
            ("profile `` was not defined", Some(""), "AWS_PROFILE is set, and empty"),
            ("failed to load the cached SSO token", Some("prod"), "aws sso login --profile prod"),
            ("failed to read `/h/.aws/sso/cache/e8.json`", None, "aws sso login --profile default"),
            ("no credentials found in chain. Attempted: x", None, "there are no credentials"),
            ("external process exited with code 1", Some("p"), "credential_process of profile `p`"),
            (
                "AccessDenied: User: arn:aws:iam::1:user/u is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/audit",
                Some("chained"),
                "the role arn:aws:iam::1:role/audit of profile `chained` may not be assumed",
            ),
        ] {
            let told = explained(error, profile).unwrap_or_default();
            assert!(told.contains(expected), "{error}: {told}");
        }
        assert_eq!(explained("connection refused", None), None);
    }
}
