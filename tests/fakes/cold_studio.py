"""A studio as `streamlit run` serves it, except that its workers load Keras with their first job only."""

# For `python -c`, followed by the arguments of `streamlit`.
PROGRAM = """
from functools import partial
from streamlit.web.cli import main
from studio.engine import engine

engine.Engine = partial(engine.Engine, warm=False)
main()
"""
