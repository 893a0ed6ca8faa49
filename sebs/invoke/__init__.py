"""Many invocations of one function: running them, journalling them, summing them up."""
