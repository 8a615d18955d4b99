"""The tables of the desk."""

from __future__ import annotations

SCHEMA = """
-- Money is in cents. Dates are ISO 8601.
CREATE TABLE customers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    previous_email TEXT COLLATE NOCASE,
    phone TEXT NOT NULL,
    address TEXT NOT NULL,
    tier TEXT NOT NULL CHECK (tier IN ('standard', 'silver', 'gold')),
    points INTEGER NOT NULL,
    since TEXT NOT NULL
);
CREATE TABLE orders (
    id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    status TEXT NOT NULL CHECK (status IN ('processing', 'shipped', 'delivered', 'cancelled')),
    placed_on TEXT NOT NULL,
    shipped_on TEXT,
    expected_on TEXT,
    delivered_on TEXT,
    carrier TEXT,
    tracking TEXT
);
CREATE INDEX orders_by_customer ON orders (customer_id, placed_on);
CREATE TABLE order_items (
    order_id TEXT NOT NULL REFERENCES orders (id),
    line INTEGER NOT NULL,
    sku TEXT NOT NULL,
    name TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_cents INTEGER NOT NULL CHECK (unit_cents > 0),
    PRIMARY KEY (order_id, line)
);
CREATE TABLE payments (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE REFERENCES orders (id),
    method TEXT NOT NULL,
    cents INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('captured', 'disputed', 'voided')),
    paid_on TEXT NOT NULL
);
CREATE TABLE tickets (
    id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    order_id TEXT REFERENCES orders (id),
    category TEXT NOT NULL,
    priority TEXT NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    status TEXT NOT NULL CHECK (status IN ('open', 'waiting', 'closed')),
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    opened_on TEXT NOT NULL
);
CREATE INDEX tickets_by_customer ON tickets (customer_id, opened_on);
CREATE TABLE refunds (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders (id),
    payment_id TEXT NOT NULL REFERENCES payments (id),
    sku TEXT NOT NULL, -- empty: the whole order
    cents INTEGER NOT NULL CHECK (cents > 0),
    reason TEXT NOT NULL,
    idempotency_key TEXT NOT NULL UNIQUE,
    created_on TEXT NOT NULL
);
CREATE INDEX refunds_by_order ON refunds (order_id);
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    idempotency_key TEXT NOT NULL UNIQUE,
    created_on TEXT NOT NULL
);
"""
