package trailcheck.redshift.unload_complete_test

import data.trailcheck.lib.verdict
import data.trailcheck.redshift.unload_complete

verdicts := {
	"unfinished": "fail",
	"complete": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(unload_complete) == expected with input as verdict.facts("seen_unloads", "completion", status)
	}
}
