"""The `voltscan` command: parses, prints, decides nothing. Exit codes: 0 fine, 1 findings or failure, 2 wrong usage."""
