"""One package for each service; `cli` starts them and is the only one that may import the others."""
