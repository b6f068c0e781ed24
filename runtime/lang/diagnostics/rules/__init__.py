"""Rules that stand by themselves, one a file; each opens with a passing and a failing program."""
