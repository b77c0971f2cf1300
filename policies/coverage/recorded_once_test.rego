package trailcheck.coverage.recorded_once_test

import data.trailcheck.coverage.recorded_once
import data.trailcheck.lib.verdict

verdicts := {
	"twice": "fail",
	"once": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(recorded_once) == expected with input as verdict.facts("unloads", "duplicates", status)
	}
}

test_copies_are_judged_too if {
	verdict.of(recorded_once) == "fail" with input as verdict.facts("copies", "duplicates", "twice")
}
