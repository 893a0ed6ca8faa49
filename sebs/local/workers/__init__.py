"""The language workers: the programs that run inside an execution environment."""
