"""The server's side of plugins: the pool of worker processes, and where plugin code comes from."""
