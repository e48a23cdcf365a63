"""The web: the pages people use, and the HTTP API.

Hears `connection.tested`, `preview.ready` and `service.reported`, as does every web process. Says
`connection.test.requested` and `preview.requested`; all else through the outbox.
Owns: accounts, sessions, managers, fields, uploads, imports.
"""
