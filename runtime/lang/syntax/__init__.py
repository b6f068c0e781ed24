"""Text to syntax tree: source, tokens, grammar, literals, recovery after errors. Nothing here knows a type."""
