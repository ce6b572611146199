"""The engine: evaluate, judge, search, verdict, evidence, mutate, prove."""
