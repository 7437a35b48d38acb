"""Columns, measured as ratios to named rivals in the same run, and by the size of the log."""
