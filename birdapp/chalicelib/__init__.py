"""What the main Lambda is made of. Only relative imports, so that training can use the decoder too."""
