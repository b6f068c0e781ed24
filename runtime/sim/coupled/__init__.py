"""Controller and plant compiled into one native run on virtual time, with the wires between them in it."""
