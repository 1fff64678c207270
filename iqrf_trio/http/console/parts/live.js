// Keeps the store true: what is loaded when the link opens, and what messages change afterwards.
// Values come with the reports of readings; nothing is asked again and again.
import { T } from "../texts.js";
import { ask, session, signedOut } from "./http.js";
import { Link } from "./link.js";
import { get, note, update } from "./store.js";
import { stateOf } from "./words.js";

const REPORT_MS = 2000; // how long a report may come after the end of a reading
const MAX_UNASKED = 200;

let link = null;

// Begin with a session key; without one the user has to sign in.
export function start(key) {
	stop();
	if (!key) return update({ phase: "signed-out" });
	update({ phase: "open", lostAt: null, rights: session() });
	link = new Link(key, { onOpen: opened, onClosed: closed, onUnasked: take });
}

export function stop() {
	link?.close();
	link = null;
}

// A request over the link, as Link.ask. A rejected promise says why.
export function call(mType, req, options) {
	return link ? link.ask(mType, req, options) : Promise.reject(new Error(T.noConnection));
}

async function opened() {
	if (get().lostAt) note(T.eventBack);
	update({ connected: true, lostAt: null });
	loadNetwork();
	loadSettings();
	call("ntfDaemon_InvokeMonitor").catch(() => {});
}

function closed(refusal) {
	if (refusal !== null) return signedOut(T.sessionEnded(refusal));
	if (get().connected) note(T.eventLost, "bad");
	const { lostAt, skew } = get();
	update({ connected: false, lostAt: lostAt ?? Date.now() + skew });
}

// What cannot be loaded stays as it was: the link tells when the gateway is away, and then all is
// loaded again.
const load = (path, change) => ask(path).then((answer) => update(change(answer)), () => {});

export const loadNetwork = () => load("api/v1/network", ({ at, devices }) => ({ devices, skew: Math.round((Date.parse(at) - Date.now()) / 1000) * 1000 }));

export const loadHealth = () => load("healthz", (health) => ({ health }));

export const loadSettings = () => call("iqrfSensorData_GetConfig").then(({ data }) => update({ settings: data.rsp }), () => {});

function take(message) {
	const at = Date.now() + get().skew;
	if (message.mType === "ntfDaemon_Monitor") return monitored(message.data);
	update(({ unasked }) => ({ unasked: [{ at, message }, ...unasked].slice(0, MAX_UNASKED) }));
	if (message.mType === "iqrfSensorData_ReportAsync") reported(message.data);
}

let reportSeen = 0; // when the last report came

function monitored(data) {
	const before = get().monitor;
	update({ monitor: data });
	if (!before) return;
	if (before.dpaChannelState !== data.dpaChannelState) {
		const ready = data.dpaChannelState === "Ready";
		note(ready ? T.eventRadioBack : T.eventRadioLost, ready ? "good" : "bad");
	}
	if (before.enumInProgress && !data.enumInProgress) {
		note(T.eventEnumerated);
		loadNetwork();
	}
	if (before.dataReadingInProgress && !data.dataReadingInProgress) setTimeout(readingOver, REPORT_MS);
}

function readingOver() {
	// Where reports are switched off nobody else tells the values.
	if (Date.now() - reportSeen > 3 * REPORT_MS) loadNetwork();
	update({ readAt: Date.now() });
}

function reported({ status, statusStr, rsp }) {
	if (rsp.reading) return;
	reportSeen = Date.now();
	if (status !== 0) return note(T.eventReadingFailed(statusStr), "bad");
	const before = get().devices ?? [];
	const devices = merged(before, rsp);
	update({ devices, readAt: Date.parse(rsp.dateTime) });
	note(T.eventRead(rsp.devices.filter(wasHeard).length, rsp.devices.length));
	tellOfChanges(before, devices);
}

const wasHeard = (device) => device.rssi !== null || device.sensors.some((each) => each.value !== null);

// The devices with the values of a report. A new object for what changed only.
function merged(devices, { devices: reported, dateTime }) {
	const news = new Map(reported.map((each) => [each.address, each]));
	return devices.map((device) => {
		const found = news.get(device.address);
		if (!found) return device;
		if (!wasHeard(found)) return { ...device, misses: device.misses + 1 };
		const values = new Map(found.sensors.map((each) => [each.index, each.value]));
		const sensors = device.sensors.map((sensor) => {
			const value = values.get(sensor.index) ?? null;
			return value === null ? sensor : { ...sensor, value, updated: dateTime };
		});
		const rssi = found.rssi ?? device.rssi;
		const supply = found.voltage ?? device.supply;
		return { ...device, rssi, supply, sensors, misses: 0, heardAt: dateTime };
	});
}

function tellOfChanges(before, after) {
	const states = new Map(before.map((each) => [each.address, stateOf(each)]));
	for (const device of after) {
		const [old, now] = [states.get(device.address), stateOf(device)];
		if (now === "silent" && old !== "silent") note(T.eventSilent(device), "bad");
		if (now !== "silent" && old === "silent") note(T.eventHeard(device));
	}
}
