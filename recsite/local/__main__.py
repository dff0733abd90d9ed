"""Run `python3 -m recsite.local COMMAND`, as the Makefile does. Needs a bare Python alone, and says which one."""

import os
import shutil
import sys

FITTING = ("python3.11", "python3.12")
"""Those for which every package comes ready made; on newer ones some have to be built, by a C compiler."""

COMMANDS = ("setup", "demo", "stop", "reset", "test", "check")


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 (the one place where an older Python gets to)
        return use_fitting_python()
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(f"usage: python3 -m recsite.local {{{','.join(COMMANDS)}}}", file=sys.stderr)
        return 2
    # Imported here, because an older Python couldn't even read these modules.
    from recsite.local import commands
    from recsite.local.paths import LocalError

    try:
        return commands.run(sys.argv[1], sys.argv[2:])
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or 'The system'}: {error.strerror}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def use_fitting_python() -> int:
    found = next(filter(None, map(shutil.which, FITTING)), None)
    if found:
        os.execv(found, [found, "-m", "recsite.local", *sys.argv[1:]])
    print(f"Python 3.11 or 3.12 is needed, and this is {sys.version.split()[0]}: install one.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
