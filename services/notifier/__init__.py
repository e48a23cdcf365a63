"""Notifier: tells people by e-mail how runs ended, and of an import in need, as each import's set-up says.

Hears `import.finished`, `import.warned`. Says `service.reported`; all else it says by SMTP.
Owns the mails that are due, sent and refused (`outgoing_mails`), and failures that repeat themselves (`mail_troubles`).
"""
