"""Device profiles: what one may say, how it is written and loaded, and what devices of one nature have in common."""
