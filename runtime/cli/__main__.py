"""`python -m runtime.cli`: the same as the `voltscan` command."""

from runtime.cli.main import main

main()
