"""Commands on programs: check, test, exec, debug, doc, fmt, explain."""
