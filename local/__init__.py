"""The parts of the app that AWS plays in production, one small server each; run_local.py starts them."""
