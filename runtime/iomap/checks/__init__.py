"""What a loaded site map must keep to, against the program's tags and against itself."""
