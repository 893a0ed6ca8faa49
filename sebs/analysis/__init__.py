"""What the numbers say: intervals, models, costs, comparisons."""
