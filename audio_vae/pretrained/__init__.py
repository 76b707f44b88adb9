"""The pretrained models that come with the package.

catalog  find, list and open them
pack     make a pretrained model from a finished run

Each model is a folder beside these files; LICENSES.md says what it was trained on.
"""
