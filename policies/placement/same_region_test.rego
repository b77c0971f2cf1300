package trailcheck.placement.same_region_test

import data.trailcheck.lib.verdict
import data.trailcheck.placement.same_region

verdicts := {
	"no_trail": "fail",
	"other_region": "fail",
	"dead_selector": "fail",
	"aligned": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(same_region) == expected with input as verdict.facts("unloads", "placement", status)
	}
}

test_copies_are_judged_too if {
	verdict.of(same_region) == "fail" with input as verdict.facts("copies", "placement", "no_trail")
}

test_no_trail_is_worse_than_another_region if {
	severities := {answer.severity | some answer in same_region.fail} with input as verdict.facts("unloads", "placement", "no_trail")
	severities == {"high"}
}
