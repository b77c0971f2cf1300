package acme.own_buckets_test

import data.acme.own_buckets

unload(bucket) := {"unloads": [{"subject": {"id": "s3://x/"}, "bucket": bucket}]}

test_a_bucket_of_ours_passes if {
	count(own_buckets.fail) == 0 with input as unload("acme-data")
	count(own_buckets.pass) == 1 with input as unload("acme-data")
}

test_another_bucket_fails if {
	count(own_buckets.fail) == 1 with input as unload("elsewhere")
	count(own_buckets.pass) == 0 with input as unload("elsewhere")
}
