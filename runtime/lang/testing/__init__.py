"""`TEST … END_TEST`: which tests there are, how they become tasks, how virtual time passes in them."""
