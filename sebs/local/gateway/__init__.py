"""The local platform's gateway: one process that routes requests to execution environments."""
