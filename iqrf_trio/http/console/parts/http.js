// HTTP requests with the session key. The key is kept until the tab is closed; the token never is.
// Addresses are relative, so that a proxy may add a path.
import { T } from "../texts.js";
import { update } from "./store.js";

const PLACE = "iqrf-trio.session";

// The session {key, scope, service}, null without one.
export const session = () => JSON.parse(sessionStorage.getItem(PLACE));
export const keep = (given) => sessionStorage.setItem(PLACE, JSON.stringify(given));
export const storedKey = () => session()?.key ?? null;

// The key is no good any more: whoever uses the page has to sign in; the address stays.
export function signedOut(reason) {
	sessionStorage.removeItem(PLACE);
	update({ phase: "signed-out", refusal: reason, devices: null, connected: false });
}

export class Problem extends Error {
	constructor(status, detail) {
		super(detail);
		this.status = status;
	}
}

export async function request(path, key, options = {}) {
	let response;
	try {
		const headers = { authorization: `Bearer ${key}` };
		response = await fetch(path, { cache: "no-store", ...options, headers });
	} catch {
		throw new Problem(0, T.unreachable);
	}
	const text = await response.text();
	let body;
	try {
		body = text && JSON.parse(text);
	} catch {
		throw new Problem(response.status, T.notOurs);
	}
	// Health says by 503 that a part has failed: its body is an answer all the same.
	if (!response.ok && !(response.status === 503 && body?.checks))
		throw new Problem(response.status, body?.detail ?? response.statusText);
	return body;
}

// The JSON at a path below the gateway's address. `options` as for fetch, but that `body` may be an
// object. Throws Problem.
export async function ask(path, { body, ...options } = {}) {
	try {
		return await request(path, storedKey(), { ...options, ...(body && { body: JSON.stringify(body) }) });
	} catch (problem) {
		if (problem.status === 401) signedOut(T.sessionEnded(T.restarted));
		throw problem;
	}
}

// Have the browser save a text as a file.
export function save(name, text, type = "text/plain") {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([text], { type }));
	link.download = name;
	link.click();
	URL.revokeObjectURL(link.href);
}
