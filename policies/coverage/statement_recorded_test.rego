package trailcheck.coverage.statement_recorded_test

import data.trailcheck.coverage.statement_recorded
import data.trailcheck.lib.verdict

verdicts := {
	"lost": "fail",
	"contradicted": "fail",
	"recorded": "pass",
	"not_compared": "no subject",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(statement_recorded) == expected with input as verdict.facts("statements", "record", status)
	}
}

test_a_contradiction_is_worse_than_a_gap if {
	contradicted := verdict.facts("statements", "record", "contradicted")
	severities := {answer.severity | some answer in statement_recorded.fail} with input as contradicted
	severities == {"high"}
}
