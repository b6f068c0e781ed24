"""What is said about a wrong or doubtful program: codes, their pages, the report, and the rules that warn."""
