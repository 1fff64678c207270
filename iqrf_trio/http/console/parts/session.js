// Signing in and out: a token is shown once, for a session key.
import { T } from "../texts.js";
import { keep, request, signedOut, storedKey } from "./http.js";
import { start, stop } from "./live.js";
import { update } from "./store.js";

// The token or key of a link such as http://HOST/#key=TOKEN; it leaves the address at once.
export function keyOfFragment() {
	const found = /^#key=(.+)$/.exec(location.hash);
	if (!found) return null;
	history.replaceState(null, "", location.pathname + location.search);
	try {
		return decodeURIComponent(found[1]);
	} catch {
		return null; // cut off while it was copied
	}
}

// Sign in with a token or a key.
export async function begin(token) {
	try {
		keep(await request("api/v1/session", token, { method: "POST" }));
		update({ refusal: "" });
		start(storedKey());
	} catch (problem) {
		update({ phase: "signed-out", refusal: T.refused(problem) });
	}
}

export function end() {
	const key = storedKey();
	stop();
	if (key) request("api/v1/session", key, { method: "DELETE" }).catch(() => {});
	signedOut("");
}
