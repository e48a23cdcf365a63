"""The object store: file bytes by key, sealed in segments, so that events need carry only the key."""
