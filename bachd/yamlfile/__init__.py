"""YAML text to checked values with line numbers, and back."""
