"""I2C in maps: buses, chips and their values."""
