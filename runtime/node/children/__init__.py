"""The processes that the supervisor starts, and how they are started."""
