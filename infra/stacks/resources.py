"""CloudFormation resources that more than one stack has."""

from typing import Any

SAM = "AWS::Serverless-2016-10-31"
# The name under which warm copies of a Lambda are called.
ALIAS = "live"
# A bucket's public access block with everything shut.
SHUT = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
PRIVATE = dict.fromkeys(SHUT, True)


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """Return one resource of the type AWS::`kind`."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


def log_group(name: str, retention_days: int) -> dict[str, Any]:
    """Return a log group that forgets; one that a service makes by itself never would."""
    return resource("Logs::LogGroup", LogGroupName=name, RetentionInDays=retention_days)


def encrypted_only() -> dict[str, Any]:
    """Return the sentence of a bucket policy that refuses all that comes without TLS.

    docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [{"Fn::Sub": name} for name in ("${Bucket.Arn}", "${Bucket.Arn}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def bucket_policy(*statements: dict[str, Any]) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return resource("S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument=document)


def lambda_role(logs: str) -> dict[str, Any]:
    """Return a role for a Lambda that may write its own log and nothing else."""
    return role("lambda.amazonaws.com", policy("logs", write_logs(logs)))


def warm(copies: int) -> dict[str, Any]:
    """Return a serverless function's properties that keep copies warm behind an alias, if any."""
    if not copies:
        return {}
    return {
        "AutoPublishAlias": ALIAS,
        # Otherwise only new code makes a new version, and warm copies keep their old memory size:
        # docs.aws.amazon.com/serverless-application-model/latest/developerguide/
        # sam-resource-function.html.
        "AutoPublishAliasAllProperties": True,
        "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": copies},
    }


def role(service: str, *policies: dict[str, Any]) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    return resource("IAM::Role", AssumeRolePolicyDocument=document, Policies=list(policies))


def policy(name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return {"PolicyName": name, "PolicyDocument": document}


def statement(sid: str, actions: list[str], *resources: str, **condition: Any) -> dict[str, Any]:
    """Allow actions on ARNs, which may hold ${AWS::Region} and its like; the Sid says why."""
    names = [{"Fn::Sub": name} if "${" in name else name for name in resources]
    allowed = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": names}
    return allowed | ({"Condition": condition} if condition else {})


def arn(service: str, rest: str) -> str:
    """Return the ARN, for Fn::Sub, of something in the stack's own account and region."""
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}"


def write_logs(log_group_name: str) -> dict[str, Any]:
    """Allow writing one log group, whose streams the service names."""
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    streams = arn("logs", f"log-group:{log_group_name}:log-stream:*")
    return statement("WriteOwnLogInStreamsThatAwsNames", actions, streams)


def tracing_policy(role: str) -> dict[str, Any]:
    """Allow a role to send traces. X-Ray knows no resources: AWS has no other way than "*"."""
    actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    tracing = policy("tracing", statement("SendTracesXRayHasNoResources", actions, "*"))
    return resource("IAM::Policy", **tracing, Roles=[{"Ref": role}])
