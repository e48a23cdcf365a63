"""What the notifier reaches: the mail server, its own tables, and the files that runs read."""
