"""The kinds of links: one folder or file a protocol, with its keys in maps and profiles and its points on the wire."""
