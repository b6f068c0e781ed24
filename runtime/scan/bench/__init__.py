"""Measurements of the scan, with the machine's own figures beside them."""
