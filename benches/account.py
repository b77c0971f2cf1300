"""Writes an account of BUCKETS buckets and TRAILS trails, and its config, into FOLDER: account.py FOLDER BUCKETS TRAILS"""

import json
import pathlib
import sys

folder, buckets, trails = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
account = "111111111111"
regions = ["eu-west-1", "us-east-1"]


def field(name, **operators):
    return {"field": name, **operators}


def trail(number):
    """Each records its share of the buckets, by prefix, but for a temporary folder that the next trail adds."""
    own = [f"arn:aws:s3:::unload-{bucket}/" for bucket in range(buckets) if bucket % trails == number]
    before = [f"arn:aws:s3:::unload-{bucket}/tmp/" for bucket in range(buckets) if bucket % trails == (number - 1) % trails]
    objects = [field("eventCategory", equals=["Data"]), field("resources.type", equals=["AWS::S3::Object"])]
    temporary = [arn + "tmp/" for arn in own]
    return {
        "trail_arn": f"arn:aws:cloudtrail:eu-west-1:{account}:trail/trail-{number}",
        "name": f"trail-{number}",
        "home_region": "eu-west-1",
        "is_multi_region_trail": True,
        "is_organization_trail": False,
        "event_selectors": [],
        "advanced_event_selectors": [
            {"name": "own", "field_selectors": [*objects, field("resources.ARN", starts_with=own, not_starts_with=temporary)]},
            {"name": "temporary", "field_selectors": [*objects, field("resources.ARN", starts_with=before)]},
        ],
        "status": {region: {"is_logging": True} for region in regions},
    }


snapshot = {
    "schema": "trailcheck/snapshot/v2",
    "not_entered": [],
    "was_stopped": False,
    "accounts": [
        {
            "collected_at": "2026-11-22T07:00:00Z",
            "caller": {"account": account, "arn": f"arn:aws:iam::{account}:user/auditor"},
            "scope": {"regions": regions, "partition": "aws"},
            "trails": [trail(number) for number in range(trails)],
            "buckets": [{"name": f"unload-{bucket}", "region": "eu-west-1", "account": account} for bucket in range(buckets)],
            "clusters": [],
            "failures": [],
        }
    ],
}
folder.mkdir(parents=True, exist_ok=True)
(folder / "snapshot.json").write_text(json.dumps(snapshot))
tables = (f'[[redshift.unload]]\nlocation = "s3://unload-{bucket}/"\n' for bucket in range(buckets))
(folder / "trailcheck.toml").write_text("\n".join(tables))
