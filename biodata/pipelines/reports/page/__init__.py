"""The parts of the HTML report. Each gives HTML, made of the facts and nothing else; `html.py` puts them together."""
