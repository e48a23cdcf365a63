"""Notifier: tells people by e-mail how runs ended, and of an import in need, as each import's set-up says.

It tells other systems by webhooks of runs that ended and of contacts that changed, which it reads from the log.

Hears `import.finished`, `import.warned`. Says `service.reported`; all else it says by SMTP, and webhooks by HTTP.
Owns the mails that are due, sent and refused (`outgoing_mails`), and failures that repeat themselves (`mail_troubles`);
of webhooks, how far they were told (`webhook_deliveries`, `webhook_cursors`).
"""
