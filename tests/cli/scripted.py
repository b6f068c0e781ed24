"""A client that answers from a script."""

from typing import Any


class Scripted:
    """Answers each operation from a table; remembers what was asked."""

    name = "cli-test"

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def request(self, op: str, **fields: Any) -> dict[str, Any]:
        self.asked.append((op, fields))
        answer = self.answers[op]
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    def write(self, name: str, value: Any) -> dict[str, Any]:
        return self.request("write", name=name, value=value)

    def command(self, name: str, value: Any, *, ttl_ms: int) -> dict[str, Any]:
        return self.request("command", name=name, value=value, ttl_ms=ttl_ms)
