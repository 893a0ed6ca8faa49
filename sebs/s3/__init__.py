"""Object storage over the S3 protocol, which servers of several platforms speak."""
