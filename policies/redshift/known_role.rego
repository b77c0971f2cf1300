# METADATA
# title: Redshift's sessions are of roles that its clusters carry
# description: >-
#   Every role that acted in a session of Redshift's name (RedshiftIamRoleSession) is carried by a cluster or workgroup.
#   A role that none carries was assumed by somebody who calls himself Redshift, or by a cluster that is not in this
#   account. The name is a hint: anyone who may assume a role may choose it.
# custom:
#   about: [redshift_roles]
#   severity: medium
#   remediation: >-
#     Find out who assumes the role (CloudTrail's AssumeRole events name the caller), and narrow its trust policy to
#     redshift.amazonaws.com. If a cluster of another account uses it, check that account.
#   controls:
#     nist-800-53-r5: [AC-6, AU-6]
#     pci-dss-4.0.1: ["7.2.5"]
package trailcheck.redshift.known_role

subjects contains session.role if some session in input.redshift_roles

fail contains {"subject": session.role, "message": session.carried.message, "evidence": session.carried.evidence} if {
	some session in input.redshift_roles
	session.carried.status == "not_carried"
}

unknown contains {"subject": session.role, "message": session.carried.message, "evidence": session.carried.evidence} if {
	some session in input.redshift_roles
	not session.carried.status in {"carried", "not_carried"}
}

evidence contains {"subject": session.role, "message": session.carried.message, "evidence": session.carried.evidence} if {
	some session in input.redshift_roles
	session.carried.status == "carried"
}
