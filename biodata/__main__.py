"""`python -m biodata` is the command `biodata`."""

from biodata.cli.main import main

if __name__ == "__main__":
    main()
