"""Do what needs training, serving and insight together; none of the three knows the others."""
