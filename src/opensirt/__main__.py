"""``python -m opensirt`` is the command line."""

from opensirt.cli import main

if __name__ == "__main__":
    main(prog_name="opensirt")
