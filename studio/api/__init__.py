"""The HTTP API for other programs: every task, in the server of the pages, below /api/v1.

It uses FastAPI because settings are pydantic classes already, from which FastAPI derives schemas, validation
and the OpenAPI document, and because pages are served by Starlette, which FastAPI builds on. FastAPI's own
documentation page loads third-party scripts, so `docs.py` writes one without scripts.
"""
