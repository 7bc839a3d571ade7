"""`/query`, the InfluxQL door of version 1: nested series instead of rows."""
