"""The standard's function blocks in ST, a block a file."""
