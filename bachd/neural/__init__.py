"""Compose with a neural network: features, model, sampler and composer."""
