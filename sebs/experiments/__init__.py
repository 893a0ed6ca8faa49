"""Experiments, and the configuration of what they run."""
