"""The registered Keras layers."""
