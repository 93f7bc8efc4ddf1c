"""Captured output of programs: FIFO in, redacted whole lines out, tails for readers.

An adapter: it knows nothing of the daemon and imports no other adapter. `capture` is the way in
for the daemon, `tail` for whoever shows logs; the rest are parts.
"""
