"""One vendor a file, behind the ports of `kb.ports`. Only `kb.wiring` and tests pick one."""
