"""Triggers: what runs which plugin when, and what happens after."""
