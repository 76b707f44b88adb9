"""The paper's experiments and RESULTS.md."""
