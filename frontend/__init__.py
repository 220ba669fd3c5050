"""The page, and the script that publishes it."""
