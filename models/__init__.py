"""Models: catalog, router, gateway, budgets, health."""
