"""Structured Text: from source to typed IR, and the two back ends that run it."""
