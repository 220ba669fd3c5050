"""What watches the deployed product: alarms, dashboard, log retention, budget. Run `python -m operation --help`."""
