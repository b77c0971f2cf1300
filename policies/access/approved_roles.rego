# METADATA
# title: Only approved principals touch the location
# description: >-
#   By the log records, everyone who touched the location is approved: a role, a user or an AWS service that its [[access]]
#   table names. One access by anybody else is a failure. That there was none can only be shown where every access is
#   recorded and every log file of the time was read; a sample shows what happened, never that nothing else did.
# custom:
#   about: [access_rules]
#   severity: high
#   remediation: >-
#     Take the permission from the principal, or approve it: add its ARN to roles, users or services of the [[access]]
#     table. Where the answer is unknown, the message says which evidence is missing: coverage, or records.
#   controls:
#     nist-800-53-r5: [AC-6(9), AU-6]
#     pci-dss-4.0.1: ["10.2.1"]
package trailcheck.access.approved_roles

subjects contains rule.location if some rule in input.access_rules

fail contains {"subject": rule.location, "message": rule.approval.message, "evidence": rule.approval.evidence} if {
	some rule in input.access_rules
	rule.approval.status == "violated"
}

unknown contains {"subject": rule.location, "message": rule.approval.message, "evidence": rule.approval.evidence} if {
	some rule in input.access_rules
	not rule.approval.status in {"approved", "violated"}
}

evidence contains {"subject": rule.location, "message": rule.approval.message, "evidence": rule.approval.evidence} if {
	some rule in input.access_rules
	rule.approval.status == "approved"
}
