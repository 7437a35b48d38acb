"""Measurements of punchclock as ratios to named rivals; `python -m benchmarks` runs all but columns and the sandbox.

`python -m benchmarks.columns` and `python -m benchmarks.sandbox` take longer and run separately.
"""
