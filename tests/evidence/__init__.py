"""The evidence that the arithmetic is right: ``PYTHONPATH=tests python -m evidence`` checks every claim.

A claim is one sentence that can fail. Each means has a file: proof.py, exhaustion.py, zones.py, pitfalls.py, model.py,
simulation.py, fuzz.py, mutation.py. Shared: claims.py (a claim, its budget, its check), symbolic.py (the prover),
contracts.py (claims about text), clients.py (each vendor as its clients use it). The results are in results.json, from
which the docs make their table.

The evidence imports nothing of this repository but punchclock, which it tests from outside.
"""
