"""Notifier: tells people by e-mail of a run that failed, was refused, or left rows out, and of an import in need.

It tells other systems by webhooks of runs that ended and of contacts that changed, which it reads from the log.

Hears `import.finished`, `import.warned`. Says `service.reported`; all else it says by SMTP, and webhooks by HTTP.
Owns what was sent (`mails`, `warning_mails`); of webhooks, how far they were told (`webhook_deliveries`,
`webhook_cursors`).
"""
