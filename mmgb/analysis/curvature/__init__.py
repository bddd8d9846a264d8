"""Section 4 of the gradient-boosting paper: second derivatives, its statements, and networks' outputs."""
