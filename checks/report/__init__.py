"""The report: verdicts as a page for people."""
