"""CAN in maps: buses, messages, signals."""
