"""Steps: how each kind of step is routed and performed; the lane's nodes choose among them."""
