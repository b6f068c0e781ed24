"""Forces: set, listed, let go, kept, and held alike by both controllers of a pair."""
