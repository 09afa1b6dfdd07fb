"""The addresses of a class by themselves, on a loopback port: `python -m benchmarks.class_server FILE PORT`."""

import asyncio
import sys

from tornado.web import Application

from deploy.classroom.handlers import addresses
from deploy.classroom.server import Server
from deploy.descriptors import RESERVE, raised_to


async def serve(file: str, port: int) -> None:
    """Serve until the process is ended."""
    server = Server(file, "/", ["/voila/render/{}.ipynb"])
    server.port = port
    Application(addresses(server)).listen(port, "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    raised_to(RESERVE + 2000)
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
