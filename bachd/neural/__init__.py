"""What comes next: features, the model, the sampler and the composer."""
