"""The events: facts in the past tense, one pydantic model each; `shared/topics.py` says which topic carries which."""
