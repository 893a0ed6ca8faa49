"""What the data services answer where they refuse."""


def s3_fault(code, status=409, message="No."):
    """Return what S3 answers where it refuses."""
    return status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"


def dynamodb_fault(code, status=400):
    """Return what DynamoDB answers where it refuses."""
    return status, f'{{"__type": "com.amazonaws.dynamodb.v20120810#{code}", "message": "No."}}'
