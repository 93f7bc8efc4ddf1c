"""MIMIC: a small trading platform on paper. Web, worker and bot share what is in here."""
