"""Notifier: tells people by e-mail of a run that failed, was refused, or left rows out, and of an import in need.

Hears `import.finished`, `import.warned`. Says `service.reported`; all else it says by SMTP.
Owns what was sent (`mails`, `warning_mails`).
"""
