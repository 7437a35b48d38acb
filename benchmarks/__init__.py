"""What punchclock costs, as ratios to named peers measured in the same run.

A case has a file (`life`, `reading`, `importing`, `replay`), a rival has one in `rivals`, and all rivals
answer a case under the same name. ``python -m benchmarks`` runs them and prints the table.
"""
