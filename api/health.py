"""`python -m api.health [URL]`: exit code 0 when the server is ready to answer, 1 when it is not. For health checks of containers.

Without an address it asks the server of this machine's own settings.
"""

import sys
import urllib.error
import urllib.request

_TIMEOUT_S = 5.0


def ready(url: str) -> bool:
    """Whether `url` answers 200 within five seconds. Proxies of the environment are not used."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_TIMEOUT_S) as answered:
            return bool(answered.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def main(arguments: list[str]) -> int:
    if arguments:
        return int(not ready(arguments[0]))
    from kb.settings import Settings

    settings = Settings.load()
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
    host = everywhere.get(settings.host, f"[{settings.host}]" if ":" in settings.host else settings.host)
    return int(not ready(f"http://{host}:{settings.port}/readyz"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
