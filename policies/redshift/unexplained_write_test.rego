package trailcheck.redshift.unexplained_write_test

import data.trailcheck.lib.verdict
import data.trailcheck.redshift.unexplained_write

verdicts := {
	"unexplained": "fail",
	"explained": "pass",
	"not_asked": "no subject",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(unexplained_write) == expected with input as verdict.facts("unload_writes", "explanation", status)
	}
}
