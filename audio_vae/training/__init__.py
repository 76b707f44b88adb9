"""Train a model in a run folder.

session      from a data set's options to a trained run
train        fit a run's model, with exact resume
checkpoints  save the complete state of a training, and continue from it
callbacks    progress, time per epoch, learning-rate decay, stopping on a signal
tensorboard  TensorBoard events: losses, sounds, a map of the latents
"""
