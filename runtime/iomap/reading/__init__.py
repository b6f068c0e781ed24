"""Reads TOML and JSON files into schemas, and knows where each key stands."""
