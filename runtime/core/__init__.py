"""What every other package may use: types, tags, quality, faults, diagnostics. Standard library only."""
