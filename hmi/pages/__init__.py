"""The pages of the console: one a file, each with its keys."""
