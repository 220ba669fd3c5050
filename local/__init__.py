"""What AWS is in production, one small server for each part; run_local.py starts them."""
