"""Makes an AWS world in moto from a description."""

import base64
import functools

import boto3
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends


@functools.cache
def client_of(endpoint, account, service, region):
    """Kept for the next worlds: to make one takes longer than to ask it."""
    client = boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    # As moto knows an account that no credentials were given out for.
    client.meta.events.register(
        "before-sign", lambda request, **_: request.headers.add_header("x-moto-account-id", account)
    )
    return client


def make(endpoint, description):
    """`description`: {account, buckets, trails, clusters, objects}, each but the first a list; see the calls for their keys."""

    account = description.get("account", DEFAULT_ACCOUNT_ID)
    client = functools.partial(client_of, endpoint, account)
    for bucket in description.get("buckets", []):
        region = bucket["region"]
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        client("s3", region).create_bucket(Bucket=bucket["name"], **place)
    for trail in description.get("trails", []):
        cloudtrail = client("cloudtrail", trail["region"])
        if not trail.get("exists"):
            cloudtrail.create_trail(
                Name=trail["name"],
                S3BucketName=trail["bucket"],
                IsMultiRegionTrail=trail.get("multi_region", False),
                EnableLogFileValidation=trail.get("validation", False),
            )
        if "basic" in trail:
            cloudtrail.put_event_selectors(TrailName=trail["name"], EventSelectors=trail["basic"])
        if "advanced" in trail:
            cloudtrail.put_event_selectors(TrailName=trail["name"], AdvancedEventSelectors=trail["advanced"])
        if trail.get("logging", True):
            cloudtrail.start_logging(Name=trail["name"])
    for cluster in description.get("clusters", []):
        client("redshift", cluster["region"]).create_cluster(
            ClusterIdentifier=cluster["name"],
            NodeType="ra3.xlplus",
            MasterUsername="admin",
            MasterUserPassword="Passw0rd!",
            IamRoles=cluster.get("roles", []),
        )
    # Straight into moto: a thousand requests would take most of a test's time.
    backend = s3_backends[account]["aws"]
    for item in description.get("objects", []):
        key = backend.put_object(item["bucket"], item["key"], base64.b64decode(item["base64"]))
        key.set_metadata({f"x-amz-meta-{name}": value for name, value in item.get("metadata", {}).items()})
