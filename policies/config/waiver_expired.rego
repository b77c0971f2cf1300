# METADATA
# title: No waiver has expired
# description: >-
#   The last day of each waiver is still to come, or a later table is on the same findings. What an expired waiver was on counts
#   again; left in the config, the table looks like an acceptance that nobody has given.
# custom:
#   not_applicable: there is no waiver
#   severity: low
#   remediation: >-
#     Mend what the waiver was on and remove the table, or ask its owner again: trailcheck waive POLICY SUBJECT --until DAY
#     --owner NAME --reason TEXT.
#   controls: {}
package trailcheck.config.waiver_expired

import data.trailcheck.lib.judged

subjects := judged.names(input.waivers)

fail := judged.having(input.waivers, "term", {"expired"})

unknown := judged.outside(input.waivers, "term", {"current", "expired", "renewed"})

pass := judged.having(input.waivers, "term", {"current", "renewed"})
