"""Helpers that know nothing of sound."""
