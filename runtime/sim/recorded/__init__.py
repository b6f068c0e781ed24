"""What a recording becomes: an ST test that begins in the recorded state."""
