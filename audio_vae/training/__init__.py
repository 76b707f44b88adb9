"""Fit a model into a run folder."""
