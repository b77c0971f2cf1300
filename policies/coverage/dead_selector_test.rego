package trailcheck.coverage.dead_selector_test

import data.trailcheck.coverage.dead_selector
import data.trailcheck.lib.verdict

verdicts := {
	"dead": "fail",
	"live": "pass",
	"not_shown": "no subject",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(dead_selector) == expected with input as verdict.facts("trails", "selectors", status)
	}
}
