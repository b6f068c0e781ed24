"""Recordings: asked for, frozen, saved."""
