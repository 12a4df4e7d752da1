"""Queries: from what a person writes to who does what of it. No platform is known here.

The way of a filter, and where each step is:

| step | modules |
| --- | --- |
| written | `builder` in Python; `tokens`, `cursor`, `parser` as text; `foreign` languages; `patterns` of like |
| a tree | `tree`; `text` writes it out again |
| bound to a table | `bind`, by `paths` and `literals` |
| planned | `plan` is what comes out, `pushdown` what an adapter declares, `split` who does what |
| said otherwise, so that a platform does more | `rewrite` in another form, `semijoin` by the keys of another table |
| done here | `reading` of values; `evaluate` on records, `masks` on Arrow; `ordering`, `grouping` |
| told | `explain`, with `hints`; `strict` refuses by it; `capabilities` asks about `examples` |
"""
