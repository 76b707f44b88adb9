"""Sound files become labelled, split sets of sounds and batches."""
