"""What other systems need to know of the events, derived from the code: JSON Schemas and the AsyncAPI document."""
