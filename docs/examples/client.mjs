// Asks a gateway for its devices: node client.mjs URL TOKEN. Needs: npm install ws

import WebSocket from "ws";

const [url, token] = process.argv.slice(2);
const gateway = new WebSocket(url);

function ask(msgId, mType, req) {
  gateway.send(JSON.stringify({ mType, data: { msgId, req } }));
}

function fail(text) {
  console.error(text);
  process.exitCode = 1;
  gateway.close();
}

gateway.on("open", () => gateway.send(JSON.stringify({ type: "auth", token })));
gateway.on("error", (error) => fail(error.message));
gateway.on("message", (text) => {
  const message = JSON.parse(text);
  if (message.type === "auth_success") {
    ask("1", "iqrfDb_Enumerate", { standards: true });
    return;
  }
  if (message.type === "auth_error") {
    fail(`not let in: ${message.error}`);
    return;
  }
  const { msgId, status, statusStr, rsp } = message.data;
  if (msgId !== "1" && msgId !== "2") {
    return; // a report that nobody asked for
  }
  if (status !== 0) {
    fail(`failed: ${statusStr}`);
  } else if (msgId === "1" && rsp.step === 8) {
    ask("2", "iqrfDb_GetDevices", { brief: true });
  } else if (msgId === "2") {
    for (const device of rsp.devices) {
      console.log(device.address, device.hwpid);
    }
    gateway.close();
  }
});
