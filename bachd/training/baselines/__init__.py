"""Baselines that a network has to beat: n-grams and an LSTM."""
