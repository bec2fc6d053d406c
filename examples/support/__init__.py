"""A small customer support application: it sorts tickets, answers questions with tools, summarises, and searches."""

MODEL = "openai/gpt-4o-mini"
EMBEDDING_MODEL = "openai/text-embedding-3-small"
