# METADATA
# title: Cluster, bucket and trail meet in one region
# description: >-
#   A trail sees the S3 data events of its own region only, unless it is multi-region, and those of a bucket appear in the
#   bucket's region. So some trail must be in effect in that region. Where the cluster is elsewhere, COPY and UNLOAD
#   work only with the REGION option, and it is the bucket's region, not the cluster's, that the trail must be in. A selector
#   that names a bucket of another region in a single-region trail is dead: CloudTrail takes it, and no event comes.
# custom:
#   about: [unloads, copies]
#   severity: low
#   remediation: >-
#     Make the trail multi-region, or create one in the bucket's region, and take dead selectors out of single-region
#     trails. Keep REGION in COPY and UNLOAD statements that cross regions, or move the bucket beside the cluster.
#   controls:
#     nist-800-53-r5: [AU-2, AU-12]
package trailcheck.placement.same_region

# How bad each problem is: without a trail nothing is recorded; the others are worth knowing.
severities := {"no_trail": "high", "other_region": "low", "dead_selector": "low"}

locations contains location if some location in input.unloads

locations contains location if some location in input.copies

subjects contains location.location if some location in locations

fail contains {
	"subject": location.location,
	"message": location.placement.message,
	"evidence": location.placement.evidence,
	"severity": severity,
} if {
	some location in locations
	severity := severities[location.placement.status]
}

unknown contains {
	"subject": location.location,
	"message": location.placement.message,
	"evidence": location.placement.evidence,
} if {
	some location in locations
	not location.placement.status in {"aligned", "no_trail", "other_region", "dead_selector"}
}

evidence contains {
	"subject": location.location,
	"message": location.placement.message,
	"evidence": location.placement.evidence,
} if {
	some location in locations
	location.placement.status == "aligned"
}
