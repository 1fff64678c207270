"""Asks a gateway for its devices: python client.py URL TOKEN."""

import json
import sys

import trio
from trio_websocket import open_websocket_url


async def main(url: str, token: str) -> None:
    async with open_websocket_url(url) as gateway:
        await gateway.send_message(json.dumps({"type": "auth", "token": token}))
        answer = json.loads(await gateway.get_message())
        if answer["type"] != "auth_success":
            sys.exit(f"not let in: {answer['error']}")

        request = {"mType": "iqrfDb_Enumerate", "data": {"msgId": "1", "req": {"standards": True}}}
        await gateway.send_message(json.dumps(request))
        while True:
            data = json.loads(await gateway.get_message())["data"]
            if data.get("msgId") != "1":
                continue  # a report that nobody asked for
            if data["status"] != 0:
                sys.exit(f"failed: {data['statusStr']}")
            if data["rsp"]["step"] == 8:
                break

        request = {"mType": "iqrfDb_GetDevices", "data": {"msgId": "2", "req": {"brief": True}}}
        await gateway.send_message(json.dumps(request))
        while (data := json.loads(await gateway.get_message())["data"]).get("msgId") != "2":
            pass
        for device in data["rsp"]["devices"]:
            print(device["address"], device["hwpid"])


url, token = sys.argv[1:]
trio.run(main, url, token)
