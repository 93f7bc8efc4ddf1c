"""What both ends of the control socket must agree on. Imports nothing of the project.

`xmlrpc` reads and writes the documents; `faults` are the codes of an answer that refuses; `login`
checks who asks.
"""
