"""The resident process: the one place that knows the core and all adapters.

Read `main.py` first; it wires everything and nothing else does.
"""
