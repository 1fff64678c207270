// What is said of devices and values: pure functions, without the store and without a clock.
import { T } from "../texts.js";

export const keyOf = (device) =>
	device.mid && device.mid !== "00000000" ? device.mid : `address-${device.address}`;

// The name of a member in words: "nodesNr" is "Nodes nr".
export const label = (name) => T.names[name] ?? name.replace(/([a-z\d])([A-Z])/g, (_, end, begin) => `${end} ${begin.toLowerCase()}`).replace(/^./, (first) => first.toUpperCase());

export const find = (devices, key) => devices.find((device) => keyOf(device) === key);

export const nameOf = (device) =>
	device.name || (device.address === 0 ? T.coordinator : T.node(device.address));

export const nodesOf = (devices) => devices.filter((device) => device.address !== 0);

// "good", "stale", "silent" or "unknown": how a device is at `now` (ms), or, without it, whether it
// answered the last time.
export function stateOf(device, now = null, periodMinutes = 10) {
	if (!device.responding || device.misses > 0) return "silent";
	if (device.address === 0) return "good";
	if (!device.heardAt) return "unknown";
	return now !== null && isStale(device.heardAt, now, periodMinutes) ? "stale" : "good";
}

// Older than two periods of readings; the minute is for the cycle itself.
export const isStale = (at, now, periodMinutes) =>
	now - Date.parse(at) > (2 * periodMinutes + 1) * 60000;

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

export function age(at, now) {
	return duration(Math.max(1, Math.round((now - Date.parse(at)) / 1000)));
}

export function duration(seconds) {
	const [size, unit] = UNITS.find(([size]) => seconds >= size) ?? UNITS.at(-1);
	return seconds < 1 ? "under 1 s" : `${Math.floor(seconds / size)} ${unit}`;
}

// "12:03" of today, "yesterday 18:40", "12 Nov 18:40" of before. `at` and `now` in ms.
export function moment(at, now, seconds = false) {
	const [then, today] = [new Date(at), new Date(now)];
	const time = then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined });
	const days = Math.round((midnight(today) - midnight(then)) / 86400000);
	if (days === 0) return time;
	if (days === 1) return T.yesterday(time);
	return `${then.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${time}`;
}

const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);

// A value as text; bytes of data blocks in hexadecimal.
export function format(value, decimals = 2) {
	if (value === null || value === undefined) return T.noValue;
	if (Array.isArray(value)) return value.map((each) => each.toString(16).padStart(2, "0")).join(" ");
	const digits = Math.min(decimals, Math.abs(value) >= 1000 ? 1 : 2);
	return value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: Math.abs(value) >= 10000 });
}

// The sentence of the first line: what is to be said of all nodes.
export function summary(devices, now, lastReading) {
	const nodes = nodesOf(devices);
	if (!nodes.length) return { state: "unknown", text: T.noNodes };
	const silent = nodes.filter((node) => stateOf(node) === "silent");
	if (silent.length) {
		const since = silent.map((node) => node.heardAt && Date.parse(node.heardAt)).filter(Boolean);
		const oldest = since.length ? moment(Math.min(...since), now) : null;
		return { state: "silent", text: T.silentNodes(silent, oldest) };
	}
	const heard = nodes.filter((node) => node.heardAt);
	if (heard.length < nodes.length) return { state: "unknown", text: T.notYetHeard(heard.length, nodes.length) };
	const last = lastReading ?? Math.max(...heard.map((node) => Date.parse(node.heardAt)));
	return { state: "good", text: T.allAnswered(nodes.length, moment(last, now)) };
}

// A sentence about one device.
export function sentence(device, now, period) {
	const since = device.heardAt && moment(Date.parse(device.heardAt), now);
	switch (stateOf(device, now, period)) {
		case "silent": return T.isSilent(device, since);
		case "stale": return T.isStale(device, since);
		case "unknown": return T.isUnknown(device);
		default: return device.address === 0 ? T.isCoordinator : T.isGood(device, since);
	}
}

// The device and its ancestors up to the coordinator, as far as they are known.
export function pathOf(devices, device) {
	const byAddress = new Map(devices.map((each) => [each.address, each]));
	const path = [];
	for (let here = device; here && !path.includes(here); here = byAddress.get(here.parent)) path.push(here);
	return path;
}

// Whether a device is meant by what was typed: its address, or a part of its name, MID or product.
export function matches(device, typed) {
	const text = typed.trim().toLowerCase();
	if (/^\d{1,3}$/.test(text) && Number(text) === device.address) return true;
	return [nameOf(device), device.mid, device.product].some((each) => each?.toLowerCase().includes(text));
}

// A check of health in words, and the mark of its status or of the severity of a finding.
export const wordsOf = (name, { status, reason }) => reason ?? T.checkGood[name] ?? status;

const MARKS = { pass: "good", ok: "good", warn: "stale", warning: "stale", fail: "silent", error: "silent" };

export const markOf = (status) => MARKS[status] ?? "unknown";
