//! `permissions`: what the scanning role must be allowed, as a policy or as the whole role.

use serde_json::{Value, json};

use super::{CommandError, told};
use crate::cli::{Permissions as Args, PermissionsFormat};
use crate::config::Config;
use crate::exit::Exit;
use crate::output::{self, harmless};
use crate::permissions::{needed, policy};
use crate::snapshot::Snapshot;

pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let config = Config::find(args.config.config.as_deref())?;
    let snapshot = args.snapshot.as_deref().map(Snapshot::load).transpose()?;
    let policy = policy(&needed(&config, snapshot.as_ref()));
    if let Some(of_caller) = of_caller(&config) {
        output::remark(format_args!(
            "this is what the role in each account needs; whoever starts the scan needs {of_caller}"
        ));
    }
    told(match args.format {
        PermissionsFormat::Policy => output::print(&harmless::json(&policy)),
        PermissionsFormat::Cloudformation => output::print(&harmless::json(&stack(&policy))),
        PermissionsFormat::Terraform => output::print_text(&terraform(&policy)),
    })
}

/// What it takes to enter other accounts; `None`: none are.
fn of_caller(config: &Config) -> Option<String> {
    if let Some(organization) = &config.organization {
        return Some(format!(
            "organizations:DescribeOrganization, organizations:ListAccounts, organizations:ListDelegatedAdministrators, and sts:AssumeRole of arn:aws:iam::*:role/{}",
            organization.role
        ));
    }
    let roles: Vec<&str> = config.accounts.iter().filter_map(|account| account.role.as_deref()).collect();
    (!roles.is_empty()).then(|| format!("sts:AssumeRole of {}", roles.join(", ")))
}

/// A template of the role: parameters say who may assume it.
fn stack(policy: &Value) -> Value {
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role that trailcheck audits an account with: it only reads.",
        "Parameters": {
            "TrustedPrincipal": {"Type": "String", "Description": "The ARN that may assume the role, such as arn:aws:iam::111111111111:role/auditor"},
            "ExternalId": {"Type": "String", "MinLength": 2, "NoEcho": true, "Description": "What the caller must state as external id"},
            "RoleName": {"Type": "String", "Default": "trailcheck-audit"},
        },
        "Resources": {"Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": {"Ref": "RoleName"},
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Effect": "Allow",
                        "Principal": {"AWS": {"Ref": "TrustedPrincipal"}},
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}},
                    }],
                },
                "Policies": [{"PolicyName": "trailcheck", "PolicyDocument": policy}],
            },
        }},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    })
}

fn terraform(policy: &Value) -> String {
    // In a heredoc `${` begins a template; no bucket's name holds one.
    let policy = String::from_utf8_lossy(&harmless::json(policy)).trim_end().replace('\n', "\n  ");
    format!(
        r#"variable "trailcheck_trusted_principal" {{
  type        = string
  description = "The ARN that may assume the role"
}}

variable "trailcheck_external_id" {{
  type        = string
  sensitive   = true
  description = "What the caller must state as external id"
}}

resource "aws_iam_role" "trailcheck" {{
  name = "trailcheck-audit"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Principal = {{ AWS = var.trailcheck_trusted_principal }}
      Action    = "sts:AssumeRole"
      Condition = {{ StringEquals = {{ "sts:ExternalId" = var.trailcheck_external_id }} }}
    }}]
  }})
}}

resource "aws_iam_role_policy" "trailcheck" {{
  name = "trailcheck"
  role = aws_iam_role.trailcheck.id
  policy = <<-POLICY
  {policy}
  POLICY
}}
"#
    )
}
