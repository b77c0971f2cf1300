//! Roles as they are written in the config.

use std::ops::Range;

use super::error::{ConfigError, Source};
use crate::aws::arn::{RoleArn, roles_of_chain};

/// The roles as IAM_ROLE has them: one, or a chain with commas and no blanks. Coverage is proved for the sessions of the last, so
/// each name is meant as it stands.
pub(super) fn role_chain(source: &Source, raw: &toml::Spanned<String>) -> Result<Vec<RoleArn>, ConfigError> {
    let text = raw.get_ref();
    if text.contains('*') {
        let message = "a role here is one role, without `*`; leave it out for anyone, or write a table for each role";
        return Err(source.at(raw.span(), message));
    }
    if matches!(&*text.to_ascii_lowercase(), "default" | "session") {
        let message = format!(
            "`{text}` names a role that is known only where the statement runs; write its ARN, which `aws redshift describe-clusters` shows"
        );
        return Err(source.at(raw.span(), message));
    }
    if has_blank(text) {
        return Err(blank(source, raw.span(), text));
    }
    roles_of_chain(text).map(|role| role_arn(source, raw.span(), role)).collect()
}

fn has_blank(text: &str) -> bool {
    text.contains("//") || text.contains(|c: char| c.is_whitespace() || c == ';')
}

fn blank(source: &Source, at: Range<usize>, text: &str) -> ConfigError {
    source.at(at, format!("`{text}` is not a role's ARN: there is a blank, a `;` or a `//` in it"))
}

pub(super) fn role_arn(source: &Source, at: Range<usize>, text: &str) -> Result<RoleArn, ConfigError> {
    if text.contains(",arn:") {
        return Err(source.at(at, "a chain of roles: write the last one, which is the one that acts on S3"));
    }
    if has_blank(text) {
        return Err(blank(source, at, text));
    }
    RoleArn::parse(text).ok_or_else(|| {
        let message =
            format!("`{text}` is not a role's ARN; expected arn:aws:iam::ACCOUNT:role/NAME with a 12-digit account");
        source.at(at, message)
    })
}
