"""The syntax tree: what was written, where. No names are resolved and no types are known here.

Every node carries the span of its first line's part. `Missing` and `Broken` stand where the text was wrong (that was
reported already); later stages pass over them silently.
"""

from runtime.lang.tree.declarations import (
    ArrayType as ArrayType,
    Configuration as Configuration,
    Declaration as Declaration,
    EnumType as EnumType,
    FieldsInit as FieldsInit,
    File as File,
    Init as Init,
    ItemsInit as ItemsInit,
    NamedType as NamedType,
    Note as Note,
    Pou as Pou,
    ProgramDeclaration as ProgramDeclaration,
    Section as Section,
    StructType as StructType,
    TaskDeclaration as TaskDeclaration,
    TypeDeclaration as TypeDeclaration,
    TypeSpec as TypeSpec,
)
from runtime.lang.tree.expressions import (
    Arg as Arg,
    Binary as Binary,
    CallExpr as CallExpr,
    Expr as Expr,
    Field as Field,
    Group as Group,
    Ident as Ident,
    Literal as Literal,
    Missing as Missing,
    Name as Name,
    Subscript as Subscript,
    Unary as Unary,
    join as join,
)
from runtime.lang.tree.statements import (
    Assign as Assign,
    Block as Block,
    Broken as Broken,
    CallStatement as CallStatement,
    Case as Case,
    CaseArm as CaseArm,
    For as For,
    If as If,
    Jump as Jump,
    Label as Label,
    Repeat as Repeat,
    Statement as Statement,
    While as While,
)
