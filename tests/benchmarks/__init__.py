"""Comparisons with peers, by their own command: `make benchmark`."""
