"""Layout of ST sources: indentation, spaces, aligned declarations. Tokens, comments and pragmas stay as they are."""

from runtime.lang.format.formatter import Formatted, format_source

__all__ = ["Formatted", "format_source"]
