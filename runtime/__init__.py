"""The Voltscan controller. Start reading at runtime/README.md."""
