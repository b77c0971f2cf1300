# METADATA
# description: >-
#   What most policies do: look at one judgement of every item of a list, and sort the items by its status. `question` is
#   the judgement's name in the item. An item without the judgement gets no answer, which makes it unknown.
#   Answers come as lists: to sort out which of them are equal, as a set does, would take most of the time.
package trailcheck.lib.judged

# The subjects of the items.
names(items) := [item.subject | some item in items]

# Answers for the items whose status is one of these.
having(items, question, statuses) := [{"subject": item.subject, "judgement": item[question]} |
	some item in items
	item[question].status in statuses
]

# Answers for the items whose status is none of these.
outside(items, question, statuses) := [{"subject": item.subject, "judgement": item[question]} |
	some item in items
	not object.get(item, [question, "status"], null) in statuses
]

# The items whose status is none of these, with those that have no status.
without(items, question, statuses) := [item |
	some item in items
	not object.get(item, [question, "status"], null) in statuses
]
