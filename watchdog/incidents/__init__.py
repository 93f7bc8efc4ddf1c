"""Incidents: what is kept of a failure, and how it is told.

The recorder collects it beside the running daemon, the store keeps it within bounds, and the
telling turns it into sentences. Nothing here decides when a process ends: the core does, and waits
for the evidence no longer than its policy says.
"""
