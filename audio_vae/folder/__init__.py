"""Your own sounds: a folder of them is a data set."""
