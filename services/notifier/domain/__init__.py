"""The notifier's rules: who gets a mail, and what it says; nothing here sends anything."""
