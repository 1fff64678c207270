// What the page knows, as one object that is replaced as a whole, and who is told of it.
import { useEffect, useState } from "../vendor/htm-preact.js";

const listeners = new Set();

let state = {
	phase: "starting", // "starting", "signed-out" or "open"
	refusal: "", // why the last sign-in failed, or why the session ended
	rights: null, // {scope, service} of the key
	connected: false, // whether the WebSocket is open and authenticated
	lostAt: null, // since when it is not, in ms of this clock
	devices: null, // those of GET api/v1/network; null before the first answer
	skew: 0, // the gateway's clock minus ours, in ms
	health: null, // GET healthz
	monitor: null, // the last ntfDaemon_Monitor
	settings: null, // of the readings
	readAt: null, // when the last reading was over, in ms
	events: [], // what happened while the page was open, newest first: {at, text, level}
	works: {}, // works that take long, by id: see works.js
	unasked: [], // messages that came unasked, newest first: {at, message}
};

export const get = () => state;

// `change` is an object of members, or a function of the state that gives one.
export function update(change) {
	state = { ...state, ...(typeof change === "function" ? change(state) : change) };
	listeners.forEach((listener) => listener());
}

export function useStore() {
	const [, again] = useState(0);
	useEffect(() => {
		let frame = 0;
		const listener = () => {
			frame ||= requestAnimationFrame(() => {
				frame = 0;
				again((count) => count + 1);
			});
		};
		listeners.add(listener);
		listener(); // what changed between the first rendering and now
		return () => {
			listeners.delete(listener);
			cancelAnimationFrame(frame);
		};
	}, []);
	return state;
}

// Between two readings, in minutes.
export const period = () => state.settings?.period ?? 10;

const MAX_EVENTS = 20;

export function note(text, level = "good") {
	const event = { at: Date.now() + state.skew, text, level };
	update(({ events }) => ({ events: [event, ...events].slice(0, MAX_EVENTS) }));
}

// The gateway's time in ms, renewed every ten seconds for whoever shows ages.
export function useNow() {
	const [now, set] = useState(Date.now());
	useEffect(() => {
		const timer = setInterval(() => set(Date.now()), 10000);
		return () => clearInterval(timer);
	}, []);
	return Math.max(now, Date.now()) + state.skew;
}
