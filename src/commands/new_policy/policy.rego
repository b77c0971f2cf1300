# METADATA
# title: UNLOAD goes to buckets of our own
# description: >-
#   What it asks, why, and what it does not see: `trailcheck explain` prints this.
# custom:
#   not_applicable: no UNLOAD location is declared
#   severity: medium
#   remediation: >-
#     What to do where it fails.
package acme.own_buckets

# What is judged. `trailcheck facts` prints the input, `trailcheck schema input` describes it.
subjects contains unload.subject if some unload in input.unloads

# What of it fails, and what a reader has to know.
fail contains {"subject": unload.subject, "message": message} if {
	some unload in input.unloads
	not is_ours(unload.bucket)
	message := sprintf("%s is no bucket of ours", [unload.bucket])
}

# What holds. A subject that neither fails nor holds is unknown.
pass contains {"subject": unload.subject, "message": "the bucket is ours"} if {
	some unload in input.unloads
	is_ours(unload.bucket)
}

is_ours(bucket) if startswith(bucket, "acme-")
