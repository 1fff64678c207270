"""The yardstick: a trio-websocket server that does nothing but send back what it gets."""

import trio
import trio_websocket


async def _echo(request: trio_websocket.WebSocketRequest) -> None:
    connection = await request.accept()
    try:
        while True:
            await connection.send_message(await connection.get_message())
    except trio_websocket.ConnectionClosed:
        pass


async def _main() -> None:
    async with trio.open_nursery() as nursery:
        server = await nursery.start(trio_websocket.serve_websocket, _echo, "127.0.0.1", 0, None)
        print(f"ready: ws://127.0.0.1:{server.port}", flush=True)


if __name__ == "__main__":
    trio.run(_main)
