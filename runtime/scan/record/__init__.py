"""Flight recorder and replay: records packed, kept, saved, run again."""
