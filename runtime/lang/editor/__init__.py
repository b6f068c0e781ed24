"""What an editor asks about ST sources, without any protocol: places are file, line and column, from 1."""
