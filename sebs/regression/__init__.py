"""Every benchmark in every form that a platform runs, deployed, invoked and judged."""
