"""The older system's names: `names/` is a folder of thin modules that only hand ours on.

The engine puts that folder first on the path before it loads anybody's plugin (`engine.code`). Where the real
packages are installed too, ours answer inside the engine.
"""
