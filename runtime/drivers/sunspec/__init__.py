"""Devices that describe themselves by SunSpec models: found, and written down as profiles and a site map."""
