# METADATA
# title: Cluster, bucket and trail meet in one region
# description: >-
#   A trail sees the S3 data events of its own region only, unless it is multi-region, and those of a bucket appear in the
#   bucket's region. So some trail must be in effect in that region. Where the cluster is elsewhere, COPY and UNLOAD
#   work only with the REGION option, and it is the bucket's region, not the cluster's, that the trail must be in. A selector
#   that names a bucket of another region in a single-region trail is dead: CloudTrail takes it, and no event comes.
# custom:
#   not_applicable: no location is declared
#   severity: low
#   remediation: >-
#     Make the trail multi-region, or create one in the bucket's region, and remove dead selectors from single-region
#     trails. Keep REGION in COPY and UNLOAD statements that cross regions, or move the bucket beside the cluster.
#   controls:
#     nist-800-53-r5: ["AU-2", "AU-12"]
package trailcheck.placement.same_region

import data.trailcheck.lib.judged

locations := array.concat(input.unloads, input.copies)

subjects := judged.names(locations)

# How bad each problem is: without a trail nothing is recorded; the others are worth knowing.
severities := {"no_trail": "high", "other_region": "low", "dead_selector": "low"}

fail contains {"subject": location.subject, "judgement": location.placement, "severity": severity} if {
	some location in locations
	severity := severities[location.placement.status]
}

unknown := array.concat(
	judged.outside(locations, "placement", {"aligned", "no_trail", "other_region", "dead_selector"}),
	partly_known,
)

# Where something fails and something else could not be told, the rest may be worse.
partly_known := [{"subject": location.subject, "judgement": location.placement} |
	some location in locations
	severities[location.placement.status]
	location.placement.evidence.not_known == true
]

pass := judged.having(locations, "placement", {"aligned"})
