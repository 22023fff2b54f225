"""Ripieno: an ensemble of agents that composes and edits multi-track music with you."""

__version__ = "0.1.0"
