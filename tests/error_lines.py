"""What tests of the command line read from its standard error."""


def error_line(err: str) -> str:
    """The one line of an error, checked to be the only one."""
    lines = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, err
    assert "Traceback" not in err
    return lines[0]
