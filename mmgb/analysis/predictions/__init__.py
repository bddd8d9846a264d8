"""Tables, figures and ensembles of test results."""
