"""What declarations mean: symbols, types, constants, initial values, classes, charts, and where all lies in memory."""
