"""Random well-typed programs as ST text. `program.text_of(seed)` gives one; the same seed gives the same text.

Every type, statement and kind of POU of the language has its place here, one topic a file. What is made compiles
without an error by construction: expressions are made for the type that is wanted, divisors, subscripts and steps hold
a variable (a constant 0 would be refused, as it should be), and what is called was declared before, so that nothing
recurs. Run-time faults are welcome: both back ends must have the same ones.
"""
