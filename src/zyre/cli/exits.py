"""Exit codes: the one place that says what the commands return, and turns exceptions into them.

======  ==================================================================================================
code    meaning
======  ==================================================================================================
0       it is done (also when whoever reads the output has had enough and closes the pipe)
1       it did not happen: nobody there, or not in time
2       the command was used wrongly; nothing was tried
3       the network or the disk is not as needed
130     interrupted by Ctrl-C, after cleaning up
143     told to end by SIGTERM, after cleaning up
======  ==================================================================================================

Every code but 0 comes with a sentence on standard error; a traceback is a defect of ours.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import IO, Any

import click

import zyre

__all__ = ["EPILOG", "ExitCode", "NotDone", "Unfit", "exit_codes"]

EPILOG = (
    "Exit codes: 0 done, 1 it did not happen (nobody there, not in time), 2 wrong usage, "
    "3 the network or disk is not as needed, 130 interrupted."
)


class ExitCode(IntEnum):
    """What the shell gets."""

    DONE = 0
    NOT_DONE = 1
    USAGE = 2
    UNFIT = 3
    INTERRUPTED = 130
    TERMINATED = 143


class NotDone(click.ClickException):
    """It did not happen; the message says what, and what to try."""

    exit_code = ExitCode.NOT_DONE

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence."""
        click.echo(f"zyre: {self.format_message()}", file=file, err=file is None)


class Unfit(NotDone):
    """The network or the disk is not as the command needs it."""

    exit_code = ExitCode.UNFIT


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn what ends a command into an exit code and at most one sentence."""
    try:
        yield
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            click.echo(err=True)  # the prompt shall not follow on the line that shows ^C
        raise click.exceptions.Exit(ExitCode.INTERRUPTED) from None
    except BrokenPipeError:
        _be_silent()
        raise click.exceptions.Exit(ExitCode.DONE) from None
    except zyre.UsageError as error:
        raise click.UsageError(str(error)) from None
    except zyre.NetworkError as error:
        raise Unfit(_for_the_shell(error)) from None
    except zyre.ZyreError as error:
        raise NotDone(str(error)) from None


def _for_the_shell(error: zyre.NetworkError) -> str:
    """The error's sentence, with the option in place of the argument."""
    return str(error).replace("Node(interface='lo')", "--interface lo")


def _be_silent() -> None:
    """Send what is still buffered nowhere, or the interpreter complains at its end about the pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except OSError:  # standard output is no file, as in tests
        pass
    finally:
        os.close(nowhere)
