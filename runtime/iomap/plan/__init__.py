"""The plan for the drivers: a checked site map, resolved down to addresses and requests."""
