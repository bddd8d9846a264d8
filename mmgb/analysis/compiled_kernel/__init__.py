"""Resources and memory traffic of the Triton kernel, compiled or interpreted without a GPU."""
