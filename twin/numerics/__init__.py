"""Array kernels shared by layers: pure functions on NumPy arrays, SI at the interface."""
