"""``python -m zyre.cli.demo NAME PORT`` is one of the demo's four processes."""

from zyre.cli.demo.node import main

main()
