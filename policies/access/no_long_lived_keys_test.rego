package trailcheck.access.no_long_lived_keys_test

import data.trailcheck.access.no_long_lived_keys
import data.trailcheck.lib.verdict

verdicts := {
	"seen": "fail",
	"none": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(no_long_lived_keys) == expected with input as verdict.facts("declared", "long_lived_keys", status)
	}
}
