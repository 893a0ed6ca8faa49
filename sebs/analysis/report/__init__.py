"""Reports of runs that people look at: words, figures, and a table behind every figure."""
