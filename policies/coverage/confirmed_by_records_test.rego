package trailcheck.coverage.confirmed_by_records_test

import data.trailcheck.coverage.confirmed_by_records
import data.trailcheck.lib.verdict

verdicts := {
	"contradicted": "fail",
	"confirmed": "pass",
	"not_known": "no subject",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(confirmed_by_records) == expected with input as verdict.facts("known_unloads", "confirmation", status)
	}
}
