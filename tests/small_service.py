"""What an environment that only serves must do: answer each room's example, and be small.

python3 tests/small_service.py ENVIRONMENT      a folder, as .docker/install makes it
"""

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

LARGEST_MB = 175  # with Debian's slim image and its Python an image of less than 300


def main(environment: str) -> None:
    size = sum(path.stat().st_size for path in Path(environment).rglob("*") if path.is_file()) >> 20
    assert size <= LARGEST_MB, f"{environment} holds {size} MB"
    command = [f"{environment}/bin/seqzoo", "serve", "--port", "0"]
    service = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        address = next(line.split()[0] for line in service.stderr or () if line.startswith("http"))
        paths = json.load(urlopen(f"{address}/openapi.json"))["paths"]
        asked = 0
        for path, methods in paths.items():
            if "post" in methods and not path.endswith("/stream"):
                example = methods["post"]["requestBody"]["content"]["application/json"]["example"]
                body = json.dumps(example).encode()
                answer = json.load(urlopen(Request(address + path, body, {"Content-Type": "application/json"})))
                assert answer["model"], (path, answer)
                asked += 1
    finally:
        service.terminate()
        service.wait(20)
    assert asked == 5, paths
    print(f"service: {asked} rooms answer, from {size} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
