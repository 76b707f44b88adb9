"""Networks, losses and the training step of the variational autoencoder."""
