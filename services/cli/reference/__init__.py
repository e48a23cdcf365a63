"""The generated part of the documentation: everything here is derived from the code that it describes."""
