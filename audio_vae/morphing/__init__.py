"""From one sound to another."""
