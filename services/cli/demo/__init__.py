"""Small real servers that stand for the other side in the demo, on a machine that has none of its own."""
