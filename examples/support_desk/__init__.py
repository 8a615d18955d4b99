"""A customer-operations agent."""
