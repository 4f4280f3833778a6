"""The command line: what it takes, and what each verb does."""
