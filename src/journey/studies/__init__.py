"""Whatever makes a file of data/evidence/: real data and long simulations, one module or folder each."""
