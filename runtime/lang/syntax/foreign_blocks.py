"""Blocks of C: braces, `if (…) …;`, `for (…; …; …)`, `switch`, `do … while`, `break`; each handler reads what it knows.

A handler gets the pass with its next token, and returns False when that is nothing foreign.
"""

from runtime.lang.syntax.foreign_state import Block, Rewriting, written
from runtime.lang.syntax.tokens import Token

_OPENED_BY = {
    "IF": ("THEN", "END_IF"), "ELSIF": ("THEN", "END_IF"), "ELSE": ("", "END_IF"),
    "WHILE": ("DO", "END_WHILE"), "FOR": ("DO", "END_FOR"),
}  # fmt: skip
"""Words whose blocks stand in braces in C: what the opening brace means, and what the closing one."""
BEGINS_STATEMENT = frozenset({"NAME", "IF", "FOR", "WHILE", "RETURN", "CONTINUE", "EXIT", "PLUS", "MINUS"})
"""Behind the condition of an IF or WHILE in parentheses, never a part of it (a sign only where it is doubled)."""
_UP = {"LT": -1, "LE": 0, "NE": -1}
_DOWN = {"GT": 1, "GE": 0}


def open_brace(r: Rewriting) -> bool:
    """`{` behind a head is the word that was meant; anywhere else it is passed over."""
    brace, head = r.peek(), r.head
    word, closer = _OPENED_BY.get(head.kind if head is not None else "", ("", ""))
    goes_on, r.goes_on, r.head = r.goes_on, False, None
    r.at += 1
    if word:
        r.word(word, brace)
    r.blocks.append(Block(closer))
    if not goes_on:
        mend = "blocks end with words, such as END_IF; a pragma ends with }"
        mend = f"write {word} … {closer}" if word else f"write … {closer}" if closer else mend
        r.tell("L1001", "'{' has no meaning here", brace, "this character", help=mend)
    return True


def close_brace(r: Rewriting) -> bool:
    """`}` is the word that closes what the brace opened."""
    brace = r.peek()
    r.at += 1
    while r.blocks and r.blocks[-1].single:
        _end(r, r.blocks.pop(), brace)
    if not r.blocks:
        r.tell("L1001", "'}' has no meaning here", brace, "this character", help="remove it")
        return True
    _end(r, r.blocks.pop(), brace)
    close_singles(r, brace)
    return True


def close_singles(r: Rewriting, where: Token) -> None:
    """Behind the end of a statement: end the blocks that hold just one."""
    while r.blocks and r.blocks[-1].single:
        if _end(r, r.blocks.pop(), where):
            return


def _end(r: Rewriting, block: Block, where: Token) -> bool:
    """Put the closing word; True where an ELSE goes on instead."""
    if block.closer == "END_IF" and r.peek().kind == "ELSE":
        _go_on(r)
        return True
    if block.closer == "END_REPEAT":
        _until(r, where)
    elif block.closer:
        r.word(block.closer, where)
    return False


def _go_on(r: Rewriting) -> None:
    """`else`, `else if (…)` behind a block of C."""
    word, after = r.peek(), r.peek(1)
    if after.kind == "IF" and r.peek(2).kind == "LPAR":
        behind = r.behind(r.at + 2)
        r.put(word._replace(kind="ELSIF", text="ELSIF"))
        r.at += 2
        if r.tokens[behind].kind == "LBRACE":
            r.goes_on = True
        elif r.tokens[behind].kind in BEGINS_STATEMENT:
            r.singles[behind] = ("THEN", Block("END_IF", single=True))
        return
    r.put(word)
    r.head = None
    r.at += 2 if after.kind == "LBRACE" else 1
    r.blocks.append(Block("END_IF", single=after.kind != "LBRACE"))


def _until(r: Rewriting, where: Token) -> None:
    """`while (…);` behind the block of a `do`."""
    r.word("UNTIL", where)
    if r.peek().kind == "WHILE" and r.peek(1).kind == "LPAR":
        behind = r.behind(r.at + 1)
        r.word("NOT", r.peek())
        for token in r.inner(r.tokens[r.at + 1 : behind]):
            r.put(token)
        r.at = behind + (r.tokens[behind].kind == "SEMI")
    else:
        r.word("TRUE", where)
    r.word("END_REPEAT", where)


def head(r: Rewriting) -> bool:
    """`if (…) a := 1;`, `while (…) a := 1;`: one statement, no word before it and none behind."""
    word = r.peek()
    behind = single_statement(r)
    if behind:
        opening, closer = _OPENED_BY[word.kind]
        r.singles[behind] = (opening, Block(closer, single=True))
        last = r.tokens[behind - 1]
        where = last._replace(column=last.column + 1)
        mend = f"write {word.kind} … {opening} … {closer}"
        r.tell("L1003", f"expected {opening} after ')'", where, f"{opening} is missing", help=mend, width=1)
    r.take()
    return True


def single_statement(r: Rewriting) -> int:
    """Where the statement of an `if (…)` without THEN begins; 0 when it is no such, or an END_IF closes it later."""
    if r.peek(1).kind != "LPAR":
        return 0
    behind = r.behind(r.at + 1)
    following = [t.kind for t in r.tokens[behind : behind + 2]]
    if following[0] not in BEGINS_STATEMENT or (following[0] in ("PLUS", "MINUS") and following[0] != following[-1]):
        return 0
    return 0 if r.is_closed(r.at) else behind


def counted(r: Rewriting) -> bool:
    """`for (i = 0; i < 10; i++)`."""
    word, bracket = r.peek(), r.peek(1)
    if bracket.kind != "LPAR":
        r.take()
        return True
    behind = r.behind(r.at + 1)
    meant = _header(r, r.at + 2, behind - 1)
    mend = f"write FOR {written(meant) or 'i := 0 TO 9'} DO … END_FOR"
    r.tell("L1003", "expected a name after 'for', found '('", bracket, "cannot stand here", help=mend)
    r.at = behind
    is_single = r.peek().kind != "LBRACE"
    if meant:
        for token in (word._replace(text="FOR"), *meant, Token("DO", "DO", bracket.line, bracket.column)):
            r.put(token)
    r.at += not is_single
    r.blocks.append(Block("END_FOR" if meant else "", single=is_single))
    return True


def _header(r: Rewriting, start: int, end: int) -> list[Token]:
    """What stands between FOR and DO; nothing where that cannot be said."""
    parts: list[list[Token]] = [[]]
    for token in r.tokens[start:end]:
        if token.kind == "SEMI":
            parts.append([])
        else:
            parts[-1].append(token)
    if len(parts) != 3:
        return []
    first, condition, step = parts
    if len(first) > 3 and first[1].kind == "NAME":  # `int i = 0`, `let i = 0`
        first = first[1:]
    if len(first) < 3 or first[1].kind not in ("EQ", "ASSIGN") or len(condition) < 3:
        return []
    relation = condition[1].kind
    beyond = _UP.get(relation, _DOWN.get(relation))
    if beyond is None:
        return []
    assign, to = first[1]._replace(kind="ASSIGN", text=":="), condition[1]._replace(kind="TO", text="TO")
    last = _beside(r.inner(condition[2:]), beyond)
    by = _by(step, to._replace(kind="BY", text="BY"), down=relation in _DOWN)
    return [first[0], assign, *r.inner(first[2:]), to, *last, *by]


def _beside(last: list[Token], beyond: int) -> list[Token]:
    """The last value itself, from the first one that is not taken any more."""
    if beyond == 0:
        return last
    if len(last) == 1 and last[0].kind == "INTEGER" and last[0].text.isdigit():
        return [last[0]._replace(text=str(int(last[0].text) + beyond))]
    kind, text = ("PLUS", "+") if beyond > 0 else ("MINUS", "-")
    one = last[-1]
    return [*last, Token(kind, text, one.line, one.column), Token("INTEGER", "1", one.line, one.column)]


def _by(step: list[Token], word: Token, *, down: bool) -> list[Token]:
    """`BY …` where the step is not 1."""
    if len(step) > 2 and step[1].kind == "COMPOUND":
        sign = [] if step[1].text == "+=" else [Token("MINUS", "-", word.line, word.column)]
        return [word, *sign, *step[2:]]
    return [word, Token("MINUS", "-", word.line, word.column), word._replace(kind="INTEGER", text="1")] if down else []


def repeated(r: Rewriting) -> bool:
    """`do { … } while (…);`."""
    word = r.peek()
    if not r.begins or r.peek(1).kind != "LBRACE":
        r.take()
        return True
    mend = "write REPEAT … UNTIL NOT (…) END_REPEAT: it ends when the condition holds"
    r.tell("L1003", "expected a statement, found 'do'", word, "of another language", help=mend)
    r.word("REPEAT", word)
    r.blocks.append(Block("END_REPEAT"))
    r.at += 2
    return True


def labelled(r: Rewriting) -> bool:
    """`case 1:` in a switch; two in a row are a list of values."""
    if not r.blocks or r.blocks[-1].closer != "END_CASE":
        r.take()
        return True
    if r.out[-1].kind == "COLON":
        r.out[-1] = r.out[-1]._replace(kind="COMMA", text=",")
    r.at += 1
    return True


def named(r: Rewriting) -> bool:
    """`switch (…) {`, `break;`, `default:`."""
    word = r.peek().text.lower()
    if word == "switch" and r.begins and r.peek(1).kind == "LPAR":
        return _switch(r)
    if word == "break" and r.begins and r.peek(1).kind == "SEMI":
        return _break(r)
    if word == "default" and r.peek(1).kind == "COLON" and r.blocks and r.blocks[-1].closer == "END_CASE":
        if r.out[-1].kind == "COLON":
            r.word("SEMI", r.peek())
        r.word("ELSE", r.peek())
        r.head = None
        r.at += 2
        return True
    return False


def _switch(r: Rewriting) -> bool:
    word, behind = r.peek(), r.behind(r.at + 1)
    if r.tokens[behind].kind != "LBRACE":
        return False
    selector = r.inner(r.tokens[r.at + 2 : behind - 1])
    mend = f"write CASE {written(selector)} OF 1: …; 2, 3: …; ELSE … END_CASE: an arm ends by itself"
    r.tell("L1003", f"expected a statement, found '{word.text}'", word, "of another language", help=mend)
    for token in (word._replace(kind="CASE", text="CASE"), *selector, word._replace(kind="OF", text="OF")):
        r.put(token)
    r.blocks.append(Block("END_CASE"))
    r.at = behind + 1
    return True


def _break(r: Rewriting) -> bool:
    """It leaves a loop, or ends the arm of a switch, which in ST ends by itself."""
    word = r.peek()
    inmost = next((b.closer for b in reversed(r.blocks) if b.closer not in ("", "END_IF")), "")
    r.at += 1
    if inmost != "END_CASE":
        r.tell("L1003", f"expected a statement, found '{word.text}'", word, "of another language", help="write EXIT;")
        r.put(word._replace(kind="EXIT", text="EXIT"))
    return True
