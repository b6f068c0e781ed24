"""Commands on a hot-standby pair and its witness."""
