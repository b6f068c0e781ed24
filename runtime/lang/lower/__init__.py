"""Tree to typed IR: names, types and addresses are settled here, and what is wrong is reported."""
