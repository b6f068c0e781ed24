"""The host: its watchdogs, its service manager, what it lacks."""
