"""What pages and API need from a request: the open resources, who asks, cursors, answers given once."""
