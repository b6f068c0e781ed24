"""I2C: sensors, converters and expanders on a bus of the host."""
