"""Second derivatives of the losses at their outputs."""
