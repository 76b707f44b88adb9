"""Write models for other programs: SavedModel, LiteRT, ONNX and Keras files.

formats       the formats, the packages that they need, and the metadata that goes with an export
export        export a run's model in one format, checked to compute the same as the Keras model
versions      numbered versions of an export, each complete or absent
signatures    the networks as TensorFlow functions, and the SavedModel with its input checks
converters    the function that writes the files of each format
parity        compare an export with the Keras model
parity_check  the script that loads and runs an export in a fresh process
"""
