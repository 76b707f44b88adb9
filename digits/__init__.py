"""Spoken digits: the Free Spoken Digit Dataset, as the paper uses it."""
