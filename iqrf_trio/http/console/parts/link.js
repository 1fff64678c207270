// One WebSocket to the gateway, which comes back by itself: requests with their answers, and what
// comes unasked.
import { T } from "../texts.js";

const PAUSES_S = [1, 2, 4, 8, 16, 30];

// `onOpen`, `onClosed(refusal)` and `onUnasked(message)` are told; `refusal` is null but where the
// key is no good: then the link does not try again.
export class Link {
	constructor(key, { onOpen, onClosed, onUnasked }) {
		Object.assign(this, { key, onOpen, onClosed, onUnasked });
		this.waiting = new Map();
		this.count = 0;
		this.failed = 0;
		this.connect();
	}

	connect() {
		const url = new URL("ws", document.baseURI);
		url.protocol = url.protocol.replace("http", "ws");
		url.hash = "";
		url.search = "";
		const socket = new WebSocket(url);
		this.socket = socket;
		socket.onopen = () => socket.send(JSON.stringify({ type: "auth", token: this.key }));
		socket.onmessage = ({ data }) => this.take(JSON.parse(data));
		socket.onclose = () => this.closed();
	}

	take(message) {
		if (message.type === "auth_success") {
			this.failed = 0;
			this.open = true;
			this.onOpen();
		} else if (message.type === "auth_error") {
			this.refusal = message.error;
		} else if (message.mType) {
			const waiting = this.waiting.get(message.data?.msgId);
			if (waiting) waiting(message);
			else this.onUnasked(message);
		}
	}

	closed() {
		const [refusal, answers] = [this.refusal ?? null, [...this.waiting.values()]];
		this.open = false;
		this.waiting.clear();
		answers.forEach((take) => take(null));
		if (this.over) return;
		this.onClosed(refusal);
		if (refusal !== null) return;
		const pause = PAUSES_S[Math.min(this.failed++, PAUSES_S.length - 1)];
		// Pages that lost the same gateway do not come back in the same moment.
		this.timer = setTimeout(() => this.connect(), pause * (800 + 400 * Math.random()));
	}

	close() {
		this.over = true;
		clearTimeout(this.timer);
		this.socket.close();
	}

	// Send a request. `onAnswer` gets every answer but messages that end it; `isLast` tells of an
	// answer whether it is the last one. Gives the last message; throws Error with the reason.
	ask(mType, req, { extras = {}, onAnswer = () => {}, isLast = isFinal } = {}) {
		const msgId = `console-${Date.now().toString(36)}-${++this.count}`;
		const data = { msgId, ...extras, ...(req === undefined ? {} : { req }) };
		const answered = new Promise((resolve, reject) => {
			if (!this.open) return reject(new Error(T.noConnection));
			this.waiting.set(msgId, (message) => {
				if (message === null) return reject(new Error(T.lostMeanwhile));
				if (message.mType !== "messageError" && !isLast(message.data)) return onAnswer(message.data);
				this.waiting.delete(msgId);
				const failure = failureOf(message);
				if (failure) reject(Object.assign(new Error(failure), { answer: message }));
				else resolve(message);
			});
			this.socket.send(JSON.stringify({ mType, data }));
		});
		return Object.assign(answered, { msgId });
	}
}

const isFinal = (data) => !("progress" in data);

// What is wrong by a message, in words; empty for a good answer.
function failureOf({ mType, data }) {
	if (mType === "messageError") return data.rsp?.error ?? data.statusStr;
	return data.status ? (data.errorStr ?? data.statusStr ?? T.status(data.status)) : "";
}
