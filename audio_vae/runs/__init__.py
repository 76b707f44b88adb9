"""The run folder: what training writes and everything else reads."""
