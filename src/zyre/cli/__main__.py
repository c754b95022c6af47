"""``python -m zyre.cli`` is the command ``zyre``, for where it is not on the PATH."""

from zyre.cli import main

main()
