"""What recsite costs, measured beside the bare parts that it is made of. `make bench` runs it."""
