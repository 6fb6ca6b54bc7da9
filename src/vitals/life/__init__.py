"""Proof of life (S3, S4): signs that go round the whole path, and what is broken when they do not."""
