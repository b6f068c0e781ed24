"""`voltscan explain`: what a code of a diagnostic means, with a wrong and a right program."""

import json as json_module

from runtime.core.fault import ConfigFault


def explain_code(code: str | None, *, as_json: bool) -> int:
    """Print the page of a code, or the list of all codes."""
    from runtime.cli.language.pages import near, page

    if code is None:
        return _list_codes(as_json=as_json)
    found = page(code)
    if found is None:
        close = near(code)
        mend = f"did you mean {', '.join(close)}?" if close else "`voltscan explain` lists all codes"
        raise ConfigFault("no such code", where=code, mend=mend)
    if as_json:
        told = {"code": found.code, "title": found.title, "wrong": found.wrong, "right": found.right}
        print(json_module.dumps({**told, "page": found.text}))
    else:
        print(found.text, end="")
    return 0


def _list_codes(*, as_json: bool) -> int:
    from runtime.cli.language.pages import codes_with_pages, page

    titles = {code: found.title for code in codes_with_pages() if (found := page(code)) is not None}
    if as_json:
        print(json_module.dumps(titles))
    else:
        print("\n".join(f"{code}  {title}" for code, title in titles.items()))
    return 0
