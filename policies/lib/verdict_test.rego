# METADATA
# description: >-
#   For the tests of policies: an input of one item, and what a policy says of it.
package trailcheck.lib.verdict

lists := {
	"unloads", "copies", "access_rules", "declared", "known_unloads", "learned", "statements", "clusters", "unload_writes",
	"seen_unloads", "redshift_roles", "trails",
}

# An input in which one list has one item, whose judgement has this status.
facts(list, question, status) := object.union({name: [] | some name in lists}, {list: [{
	"subject": "it",
	question: {"status": status, "message": "why", "reasons": [], "evidence": {}},
}]})

# What the policy says of the one item. A subject without an answer has no verdict, and the test does not hold.
of(policy) := "no subject" if count(policy.subjects) == 0

of(policy) := "fail" if {
	answered(policy.fail)
	count(policy.unknown) + count(policy.pass) == 0
}

of(policy) := "unknown" if {
	answered(policy.unknown)
	count(policy.fail) + count(policy.pass) == 0
}

of(policy) := "pass" if {
	answered(policy.pass)
	count(policy.fail) + count(policy.unknown) == 0
}

answered(answers) if {
	told := {[answer.subject, answer.judgement.message] | some answer in answers}
	told == {["it", "why"]}
}
