"""Drum one-shots in any format, clustered by their attack as in the paper, or a built-in kit."""
