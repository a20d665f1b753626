"""Vocabulary that every other part stands on: clock, ids, money, times, errors, settings."""
