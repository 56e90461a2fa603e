"""What other programs call: every task over HTTP, in the server of the pages, below /api/v1.

FastAPI, and not Starlette with a library for OpenAPI: settings are pydantic's classes already, of which it
makes the schema, the checks and the document, and it is a layer on the Starlette that serves the pages. Its
own page of documentation loads scripts from elsewhere, so `docs.py` writes one without any.
"""
