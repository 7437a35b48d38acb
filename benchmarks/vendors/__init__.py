"""The vendors: payloads read and written, against two rivals; and every call as a whole.

intervals.py and its neighbours, one a vendor: its payloads, and the same job by hand and by pydantic. payloads.py has
the rows of them all, frame.py what they share, handling.py the calls.
"""
