package trailcheck.config.location_not_found_test

import data.trailcheck.config.location_not_found
import data.trailcheck.lib.verdict

verdicts := {
	"exists": "pass",
	"missing": "fail",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(location_not_found) == expected with input as verdict.facts("buckets", "existence", status)
	}
}
