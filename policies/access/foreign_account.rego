# METADATA
# title: No other account touches the location
# description: >-
#   By the log records, every principal that touched a declared location is of the bucket's own account, or is one that
#   an [[access]] table of the location approves; an anonymous request is nobody's. One access from elsewhere is a
#   failure; that there was none can only be shown where every access is recorded and every log file of the time was
#   read.
# custom:
#   about: [declared]
#   severity: high
#   remediation: >-
#     Take the other account out of the bucket's policy, or approve its role: add the ARN to roles of the location's
#     [[access]] table.
#   controls:
#     nist-800-53-r5: [AC-3, AC-21]
#     pci-dss-4.0.1: ["7.2.1"]
package trailcheck.access.foreign_account

subjects contains place.location if some place in input.declared

fail contains {"subject": place.location, "message": place.foreign_accounts.message, "evidence": place.foreign_accounts.evidence} if {
	some place in input.declared
	place.foreign_accounts.status == "seen"
}

unknown contains {"subject": place.location, "message": place.foreign_accounts.message, "evidence": place.foreign_accounts.evidence} if {
	some place in input.declared
	not place.foreign_accounts.status in {"none", "seen"}
}

evidence contains {"subject": place.location, "message": place.foreign_accounts.message, "evidence": place.foreign_accounts.evidence} if {
	some place in input.declared
	place.foreign_accounts.status == "none"
}
