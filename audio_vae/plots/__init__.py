"""Pictures, each written as a PNG file."""
