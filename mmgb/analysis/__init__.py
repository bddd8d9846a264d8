"""Tables, figures and summaries of logs, test results and trained networks."""
