"""The parts of the main Lambda. Only relative imports, so that training can use the decoder."""
