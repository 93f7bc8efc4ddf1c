"""The report: how a time went, told from the journal. It needs no running watchdog.

Reading is one thing, adding up another: the figures are a pure function of a list of events and a
window of time, and the same figures become a text, JSON or a page.
"""
