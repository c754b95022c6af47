"""Keys, certificates, and who may join: values and pure functions. No sockets, no files, no clock."""
