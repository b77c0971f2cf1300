"""Statements of Redshift with their files, and the log records of a day in which all of them are.

python3 benches/statements.py FOLDER STATEMENTS FILES RECORDS

writes FOLDER/{trailcheck.toml, snapshot.json, without.json, logs/}: a snapshot with STATEMENTS statements of FILES files each, the same without them,
and log files with a record for each file among RECORDS times as many others.
"""

import gzip
import json
import os
import sys

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/loader"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/all"
PER_LOG = 2000


def clock(second):
    return f"2026-11-22T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


def record(number, name, bucket, key, second, role="loader"):
    reads = name == "GetObject"
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole", "principalId": f"AROAEXAMPLE:{role}", "accountId": ACCOUNT,
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/RedshiftIamRoleSession", "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE", "accountId": ACCOUNT,
                               "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "userName": role},
                               "attributes": {"creationDate": clock(0), "mfaAuthenticated": "false"}},
        },
        "eventTime": clock(second), "eventSource": "s3.amazonaws.com", "eventName": name, "awsRegion": "eu-west-1",
        "sourceIPAddress": "10.0.0.1", "userAgent": "[aws-sdk-cpp/1.11]",
        "requestParameters": {"bucketName": bucket, "Host": f"{bucket}.s3.eu-west-1.amazonaws.com", "key": key},
        "responseElements": None,
        "additionalEventData": {"SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256",
                                "bytesTransferredIn": 0 if reads else 100, "bytesTransferredOut": 100 if reads else 0},
        "requestID": f"R{number}", "eventID": f"e-{number}", "readOnly": reads,
        "resources": [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"},
                      {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}],
        "eventType": "AwsApiCall", "managementEvent": False, "recipientAccountId": ACCOUNT, "eventCategory": "Data",
    }


def statements(count, files):
    for number in range(count):
        kind = "copy" if number % 2 else "unload"
        bucket = "in" if number % 2 else "out"
        begin = 3600 + number * 60_000 // count
        prefix = f"s3://{bucket}/run={number}/"
        yield {
            "query_id": str(number), "kind": kind, "account": ACCOUNT, "region": "eu-west-1", "cluster": "warehouse",
            "user": "etl", "location": prefix, "role": ROLE, "manifest": False, "status": "completed",
            "started_at": clock(begin), "ended_at": clock(begin + 60), "rows": 1, "bytes": files, "file_count": files,
            "files": [{"object": f"{prefix}{file:04}_part_00", "bytes": 100} for file in range(files)],
            "origin": {"api": {"call": "redshift-data:ExecuteStatement", "region": "eu-west-1", "at": clock(80_000)}},
        }


def records(count, files, others):
    number = 0
    for of in range(count):
        name, bucket = ("GetObject", "in") if of % 2 else ("PutObject", "out")
        second = 3600 + of * 60_000 // count + 30
        for file in range(files):
            yield record(number, name, bucket, f"run={of}/{file:04}_part_00", second)
            for other in range(others):
                number += 1
                yield record(number, "GetObject", "elsewhere", f"other/{of}/{file}/{other}", second, "reader")
            number += 1


def account():
    return {
        "caller": {"account": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/auditor"}, "collected_at": clock(80_000),
        "scope": {"regions": ["eu-west-1"], "partition": "aws"},
        "trails": [{
            "trail_arn": TRAIL, "name": "all", "home_region": "eu-west-1", "is_multi_region_trail": False,
            "is_organization_trail": False, "s3_bucket_name": "logs", "log_file_validation_enabled": False,
            "event_selectors": [{"read_write_type": "All", "include_management_events": True,
                                 "data_resources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}],
            "advanced_event_selectors": [], "status": {"eu-west-1": {"is_logging": True}},
        }],
        "buckets": [{"name": name, "region": "eu-west-1", "account": ACCOUNT} for name in ("in", "out")],
        "clusters": [], "learned_from": ["system_tables"], "failures": [],
    }


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    folder, count, files, others = sys.argv[1], *map(int, sys.argv[2:])
    os.makedirs(f"{folder}/logs", exist_ok=True)
    snapshot = {"schema": "trailcheck/snapshot/v2", "accounts": [account()], "not_entered": [], "was_stopped": False}
    for name, ran in (("snapshot", list(statements(count, files))), ("without", [])):
        with open(f"{folder}/{name}.json", "w") as file:
            json.dump({**snapshot, "statements": ran}, file)
    with open(f"{folder}/trailcheck.toml", "w") as file:
        file.write('[redshift]\nlearn = ["system_tables"]\n[[redshift.unload]]\nlocation = "s3://out/"\n'
                   '[[redshift.copy]]\nlocation = "s3://in/"\n')
    batch, number = [], 0

    def write():
        nonlocal batch, number
        with gzip.open(f"{folder}/logs/{number:06}.json.gz", "wt", compresslevel=1) as file:
            json.dump({"Records": batch}, file, separators=(",", ":"))
        batch, number = [], number + 1

    for one in records(count, files, others):
        batch.append(one)
        if len(batch) == PER_LOG:
            write()
    if batch:
        write()


main()
