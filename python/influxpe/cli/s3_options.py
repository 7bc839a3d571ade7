"""The options of `serve` for `--object-store s3`, and the store that they describe."""

import json
from pathlib import Path
from typing import Any

from influxpe.cli.command import CommandError, Values
from influxpe.cli.parameter import flag, option
from influxpe.cli.value_types import path
from influxpe.config import S3Store

HEADING = "Object store S3"
NO_BUCKET = "the object store 's3' needs the name of a bucket: --bucket"
BAD_CREDENTIALS = "cannot read the credentials file {path}: {reason}"

BUCKET = option(
    "bucket",
    "BUCKET",
    "Bucket that data is kept in; it must exist",
    str,
    environment=("INFLUXDB3_BUCKET",),
    heading=HEADING,
    advanced=True,
)
ACCESS_KEY_ID = option(
    "aws-access-key-id",
    "KEY",
    "Credentials for S3",
    str,
    environment=("AWS_ACCESS_KEY_ID",),
    heading=HEADING,
    advanced=True,
)
SECRET_ACCESS_KEY = option(
    "aws-secret-access-key",
    "SECRET",
    "Credentials for S3",
    str,
    environment=("AWS_SECRET_ACCESS_KEY",),
    heading=HEADING,
    advanced=True,
)
SESSION_TOKEN = option(
    "aws-session-token",
    "TOKEN",
    "Credentials for S3 that expire",
    str,
    environment=("AWS_SESSION_TOKEN",),
    heading=HEADING,
    advanced=True,
)
CREDENTIALS_FILE = option(
    "aws-credentials-file",
    "FILE",
    "JSON with aws_access_key_id, aws_secret_access_key and perhaps aws_session_token, read at "
    "the start",
    path,
    environment=("AWS_CREDENTIALS_FILE",),
    heading=HEADING,
    advanced=True,
)
REGION = option(
    "aws-default-region",
    "REGION",
    "Region of the bucket [default: us-east-1]",
    str,
    environment=("AWS_DEFAULT_REGION",),
    heading=HEADING,
    advanced=True,
)
ENDPOINT = option(
    "aws-endpoint",
    "URL",
    "URL of another service that speaks S3",
    str,
    environment=("AWS_ENDPOINT",),
    heading=HEADING,
    advanced=True,
)
ALLOW_HTTP = flag(
    "aws-allow-http",
    "Speak to S3 without TLS",
    environment=("AWS_ALLOW_HTTP",),
    heading=HEADING,
    advanced=True,
)
SKIP_SIGNATURE = flag(
    "aws-skip-signature",
    "Do not sign requests to S3",
    environment=("AWS_SKIP_SIGNATURE",),
    heading=HEADING,
    advanced=True,
)

# How to reach any bucket.
CREDENTIALS = (
    ACCESS_KEY_ID,
    SECRET_ACCESS_KEY,
    SESSION_TOKEN,
    CREDENTIALS_FILE,
    REGION,
    ENDPOINT,
    ALLOW_HTTP,
    SKIP_SIGNATURE,
)
OPTIONS = (BUCKET, *CREDENTIALS)


def s3_store(values: Values) -> S3Store:
    """Give the store that the options describe. Raises `CommandError`."""
    bucket = values[BUCKET]
    if not bucket:
        raise CommandError(NO_BUCKET)
    return bucket_store(bucket, values)


def bucket_store(bucket: str, values: Values) -> S3Store:
    """Give the store of that bucket, reached by `CREDENTIALS`. Raises `CommandError`."""
    file = _credentials(values[CREDENTIALS_FILE])
    return S3Store(
        bucket=bucket,
        region=values[REGION] or S3Store.region,
        endpoint=values[ENDPOINT] or None,
        access_key_id=values[ACCESS_KEY_ID] or file.get("aws_access_key_id"),
        secret_access_key=values[SECRET_ACCESS_KEY] or file.get("aws_secret_access_key"),
        session_token=values[SESSION_TOKEN] or file.get("aws_session_token"),
        allow_http=values[ALLOW_HTTP],
        skip_signature=values[SKIP_SIGNATURE],
    )


def _credentials(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        credentials = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(BAD_CREDENTIALS.format(path=file, reason=error)) from error
    if not isinstance(credentials, dict):
        raise CommandError(BAD_CREDENTIALS.format(path=file, reason="it is no JSON object"))
    return credentials
