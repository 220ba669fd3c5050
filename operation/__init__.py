"""What watches the deployed product: alarms, dashboard, log retention, budget (docs/operations.md)."""
