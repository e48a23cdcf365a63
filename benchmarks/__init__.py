"""Measurements, each beside something bare that does the least possible for the same job in the same minute."""
