//! `explain`: a policy's own text.

use std::fmt::Write;

use super::{CommandError, told};
use crate::cli::Explain;
use crate::exit::Exit;
use crate::output::{self, harmless};
use crate::policy::{self, Policy};

pub(super) fn run(args: &Explain) -> Result<Exit, CommandError> {
    let bundles = policy::with_user_policies(&args.policies.policies)?;
    let policies: Vec<&Policy> = bundles.iter().flat_map(|bundle| &bundle.policies).collect();
    let text = match &args.policy {
        None => list(&policies),
        Some(name) => match policies.iter().find(|policy| &policy.id == name) {
            Some(policy) => explain(policy),
            None => return Err(CommandError::Usage(unknown(name, &policies))),
        },
    };
    told(output::print_text(&text))
}

fn list(policies: &[&Policy]) -> String {
    let width = policies.iter().map(|policy| policy.id.len()).max().unwrap_or(0);
    policies
        .iter()
        .map(|policy| format!("{:width$}  {}\n", policy.id, harmless::text(&policy.metadata.title)))
        .collect()
}

fn explain(policy: &Policy) -> String {
    let metadata = &policy.metadata;
    let mut text =
        format!("{}: {}\nseverity: {}\n", policy.id, harmless::text(&metadata.title), metadata.severity.as_str());
    for (framework, controls) in metadata.controls.iter() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}: {}", harmless::text(framework), harmless::text(&controls.join(", ")));
    }
    let (why, fix) = (wrap(&metadata.description), wrap(&metadata.remediation));
    for (heading, body) in [("Why", &why), ("How to fix", &fix), ("The policy", &policy.text)] {
        if !body.is_empty() {
            let _ = writeln!(text, "\n{heading}\n\n{}", harmless::lines(body.trim_end()).trim_end());
        }
    }
    text
}

/// Lines of at most 100 characters, broken between words.
fn wrap(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= 100 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

fn unknown(name: &str, policies: &[&Policy]) -> String {
    let ids: Vec<String> = policies.iter().map(|policy| policy.id.clone()).collect();
    format!("there is no policy `{name}`{} `trailcheck explain` lists them", policy::hint(name, &ids))
}
