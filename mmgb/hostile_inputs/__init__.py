"""Invalid, damaged and malicious inputs for everything that mmgb reads, and a count of what happens to them."""
