"""What the notifier reaches: the mail server, and its table of mails."""
