"""Controller and plant coupled on virtual time in Python: what the native run is checked against, and studied with."""
