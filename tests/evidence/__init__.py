"""The evidence that the math is right: ``PYTHONPATH=tests python -m evidence`` checks every claim and prints the table.

A claim is one sentence that can fail. Each means has a file: proof.py, exhaustion.py, zones.py, pitfalls.py, model.py,
simulation.py, fuzz.py, mutation.py. What they share: claims.py (a claim, its budget, its run), results.py (the table,
kept in results.json for the docs), symbolic.py (the prover), contracts.py (what is about text), clients.py (each vendor
as its clients use it).

Nothing here belongs to the package: it is tested from outside, as it is.
"""
