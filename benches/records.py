"""Writes log records of ACCESSES groups of accesses, judged by RULES [[access]] tables, as an account's snapshot and its
config, into FOLDER: records.py FOLDER ACCESSES RULES"""

import json
import pathlib
import sys

folder, accesses, rules = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
account = "111111111111"
region = "eu-west-1"
trail_arn = f"arn:aws:cloudtrail:{region}:{account}:trail/all"


def location(rule):
    return f"s3://bucket-{rule}/in/"


def access(number):
    """Of one hundred approved roles and, in the last of a thousand, of one that is not approved."""
    rule = number % rules
    role = "intruder" if number % 1000 == 999 else f"loader-{number // rules % 100}"
    return {
        "principal": f"arn:aws:iam::{account}:role/{role}",
        "principal_type": "role",
        "account": account,
        "bucket": f"bucket-{rule}",
        "location": location(rule),
        "event_name": "GetObject",
        "access": "read",
        "region": region,
        "error_code": None,
        "count": 3,
        "first_seen": "2026-11-22T01:00:00Z",
        "last_seen": "2026-11-22T02:00:00Z",
        "example": {"event_id": f"event-{number}", "object": f"s3://logs/object-{number // 50}"},
    }


snapshot = {
    "schema": "trailcheck/snapshot/v2",
    "not_entered": [],
    "was_stopped": False,
    "accounts": [
        {
            "collected_at": "2026-11-22T07:00:00Z",
            "caller": {"account": account, "arn": f"arn:aws:iam::{account}:user/auditor"},
            "scope": {"regions": [region], "partition": "aws"},
            "trails": [
                {
                    "trail_arn": trail_arn,
                    "name": "all",
                    "home_region": region,
                    "is_multi_region_trail": False,
                    "is_organization_trail": False,
                    "s3_bucket_name": "logs",
                    "log_file_validation_enabled": False,
                    "event_selectors": [
                        {"read_write_type": "All", "data_resources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}
                    ],
                    "advanced_event_selectors": [],
                    "status": {
                        region: {
                            "is_logging": True,
                            "start_logging_time": "2026-01-01T00:00:00Z",
                            "latest_delivery_time": "2026-11-22T06:50:00Z",
                        }
                    },
                }
            ],
            "buckets": [{"name": f"bucket-{rule}", "region": region, "account": account} for rule in range(rules)],
            "clusters": [],
            "failures": [],
        }
    ],
    "records": {
        "window": {"start": "2026-11-21T07:00:00Z", "end": "2026-11-22T06:00:00Z"},
        "locations": [location(rule) for rule in range(rules)],
        "read": [
            {
                "source": trail_arn,
                "region": region,
                "listed_objects": 5,
                "listed_bytes": 50,
                "read_objects": 5,
                "read_bytes": 50,
                "complete": True,
                "incomplete_because": None,
            }
        ],
        "objects": {"listed": 5, "read": 5},
        "skipped": [],
        "events": 3 * accesses,
        "duplicates": 0,
        "malformed": 0,
        "accesses": [access(number) for number in range(accesses)],
        "sessions": [],
    },
}
folder.mkdir(parents=True, exist_ok=True)
(folder / "snapshot.json").write_text(json.dumps(snapshot))
roles = ", ".join(f'"arn:aws:iam::{account}:role/loader-{role}"' for role in range(100))
tables = (f'[[access]]\nlocation = "{location(rule)}"\nroles = [{roles}]\n' for rule in range(rules))
(folder / "trailcheck.toml").write_text("\n".join([*tables, '[records]\nwindow = "24h"\n']))
