"""Notifier: tells people by e-mail of a run that failed, was refused, or left rows out.

Hears `import.finished`. Says nothing on Kafka: it sends mail by SMTP.
Owns what was sent (`mails`).
"""
