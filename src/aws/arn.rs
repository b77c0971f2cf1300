//! Amazon Resource Names, as far as we need to take them apart.
//!
//! Source: IAM User Guide, "Amazon Resource Names (ARNs)": `arn:partition:service:region:account:resource`.

use std::fmt;

/// A parsed ARN. Borrowed from the text; nothing is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// `None` where the text is not six colon-separated parts that begin with `arn`.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        Some(Arn {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }
}

/// What Redshift calls its role sessions, where it has been seen. A hint, never a key: anyone may choose the name.
pub const REDSHIFT_SESSION: &str = "RedshiftIamRoleSession";

/// The role behind `arn:P:sts::ACCOUNT:assumed-role/NAME/SESSION`, or a role ARN as it is, with its account.
pub fn role_of_session(arn: &str) -> Option<(String, String)> {
    let parsed = Arn::parse(arn)?;
    let role = match parsed.resource.split_once('/')? {
        ("assumed-role", rest) => {
            let name = rest.split('/').next().filter(|name| !name.is_empty())?;
            format!("arn:{}:iam::{}:role/{name}", parsed.partition, parsed.account)
        }
        ("role", _) => arn.to_owned(),
        _ => return None,
    };
    Some((role, parsed.account.to_owned()))
}

/// Whether the text is a twelve-digit AWS account id.
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// An IAM role, compared as CloudTrail lets us: by account and name. The path is kept for display only, because an
/// STS session ARN does not carry it (IAM User Guide, "IAM identifiers").
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleArn {
    pub partition: String,
    pub account: String,
    /// The last path segment: the role's own name, unique in the account.
    pub name: String,
    /// The ARN as written, path included.
    pub text: String,
}

impl RoleArn {
    /// Parses `arn:aws:iam::123456789012:role/[path/]name`.
    pub fn parse(text: &str) -> Option<Self> {
        let arn = Arn::parse(text)?;
        let path_and_name = arn.resource.strip_prefix("role/")?;
        let name = path_and_name.rsplit('/').next()?;
        // Names may have a comma, but no colon: a chain of roles is no role. IAM has no regions.
        if !arn.region.is_empty()
            || arn.service != "iam"
            || name.is_empty()
            || arn.resource.contains(':')
            || !is_account_id(arn.account)
        {
            return None;
        }
        Some(RoleArn {
            partition: arn.partition.to_owned(),
            account: arn.account.to_owned(),
            name: name.to_owned(),
            text: text.to_owned(),
        })
    }

    /// What `userIdentity.arn` of every session of this role starts with
    /// (CloudTrail User Guide, "userIdentity element": the STS ARN without the role's path).
    pub fn session_prefix(&self) -> String {
        format!("arn:{}:sts::{}:assumed-role/{}/", self.partition, self.account, self.name)
    }

    /// The path before the name, without slashes at its ends; empty where there is none.
    pub fn path(&self) -> &str {
        let resource = Arn::parse(&self.text).map_or("", |arn| arn.resource);
        let path = resource.strip_prefix("role/").and_then(|rest| rest.strip_suffix(&self.name));
        path.unwrap_or_default().trim_matches('/')
    }

    /// The same role, whatever path either ARN was written with.
    pub fn same_role(&self, other: &RoleArn) -> bool {
        self.account == other.account && self.name == other.name
    }
}

/// The roles of a chain as IAM_ROLE has it, `arn1,arn2`, each with the blanks around it. A role's name may have a comma, so only
/// one before an `arn:` parts two roles.
pub fn roles_of_chain(text: &str) -> impl Iterator<Item = &str> {
    let is_end = |at: &usize| text[at + 1..].trim_start().starts_with("arn:");
    let ends = text.match_indices(',').map(|(at, _)| at).filter(is_end).chain([text.len()]);
    ends.scan(0, move |begin, end| {
        let role = &text[*begin..end];
        *begin = end + 1;
        Some(role)
    })
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_with_a_path_is_the_role_without_it() {
        let with = RoleArn::parse("arn:aws:iam::111111111111:role/service-role/X").unwrap();
        let without = RoleArn::parse("arn:aws:iam::111111111111:role/X").unwrap();
        assert!(with.same_role(&without));
        assert_eq!(with.session_prefix(), "arn:aws:sts::111111111111:assumed-role/X/");
    }

    #[test]
    fn what_is_not_a_role_is_refused() {
        for text in [
            "arn:aws:iam::111111111111:user/X",
            "arn:aws:iam::1111:role/X",
            "arn:aws:iam::111111111111:role/",
            "role/X",
        ] {
            assert_eq!(RoleArn::parse(text), None, "{text}");
        }
    }
}
