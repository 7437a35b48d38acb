"""What columns cost, as ratios to named peers measured in the same run, and how that grows with the log.

``python -m benchmarks.columns`` runs the cases and prints the table. The logs are in `logs`, the rivals, who take the
same sums of the same logs, in `rivals`, the end to end run from a file in `stream`.
"""
