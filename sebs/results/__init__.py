"""Results: runs on disk, the table of their invocations, and files that others wrote."""
