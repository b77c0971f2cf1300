package trailcheck.lib.judged_test

import data.trailcheck.lib.judged

item(id, status) := {
	"subject": id,
	"colour": {"status": status, "message": "why", "reasons": [{"code": "because"}], "evidence": {"seen": id}},
}

items := [item("a", "red"), item("b", "green"), item("c", "blue"), {"subject": "d"}]

ids(answers) := {answer.subject | some answer in answers}

test_every_item_is_a_subject if judged.names(items) == ["a", "b", "c", "d"]

test_items_are_sorted_by_status if {
	ids(judged.having(items, "colour", {"red"})) == {"a"}
	ids(judged.outside(items, "colour", {"red", "green"})) == {"c"}
}

test_an_answer_holds_the_judgement if {
	judged.having(items, "colour", {"red"}) == [{
		"subject": "a",
		"judgement": {"status": "red", "message": "why", "reasons": [{"code": "because"}], "evidence": {"seen": "a"}},
	}]
}

# Nothing is shown of an item that was not judged: neither that it passes nor that it fails.
test_an_item_without_the_judgement_gets_no_answer if {
	not "d" in ids(judged.having(items, "colour", {"red", "green", "blue"}))
	not "d" in ids(judged.outside(items, "colour", {"red"}))
}

test_items_are_left_out_by_status if {
	left := [kept.subject | some kept in judged.without(items, "colour", {"red", "blue"})]
	left == ["b", "d"]
}
