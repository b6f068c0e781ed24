"""Values that other declarations add to an enumeration: `TYPE BACKUP_VALUE : CONTROL_MODE (BACKUP := 9); END_TYPE`.

An extension of the standard: what is to be chosen by name can lie in a file of its own, which brings its name along.
The added name of the type stands for the enumeration itself.
"""

from collections.abc import Iterator, Mapping

from runtime.lang import tree

TypeTrees = Mapping[str, tree.TypeDeclaration]


def enlarged(types: TypeTrees, declaration: tree.TypeDeclaration) -> str | None:
    """The key of the enumeration that a declaration adds values to; None where it declares one of its own."""
    spec = declaration.spec
    if not isinstance(spec, tree.EnumType) or spec.base is None:
        return None
    base = types.get(spec.base.key)
    return spec.base.key if base is not None and isinstance(base.spec, tree.EnumType) else None


def additions(types: TypeTrees, key: str) -> Iterator[tree.TypeDeclaration]:
    """The declarations that add values to this enumeration, those that add to them included, in order of writing."""
    roots = {key}
    while more := {k for k, d in types.items() if k not in roots and enlarged(types, d) in roots}:
        roots |= more
    yield from (d for k, d in types.items() if k in roots and k != key)
