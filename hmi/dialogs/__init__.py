"""What asks before it acts: dialogs for commands, values, details and help."""
