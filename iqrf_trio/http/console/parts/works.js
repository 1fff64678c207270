// Requests that take long. They are in the store, so that they go on while another page is shown;
// what came of one stays until it is closed.
import { T } from "../texts.js";
import { isFinal } from "./api.js";
import { call, loadNetwork } from "./live.js";
import { update } from "./store.js";

// A work is {msgId, pace} while it runs, {result, told, dry} afterwards, and null once it is closed.
const set = (id, work) => update(({ works }) => ({ works: { ...works, [id]: work } }));

export const close = (id) => set(id, null);

export const cancel = ({ msgId }) => call("iqrfTrio_Cancel", { msgId }).catch(() => {});

// Send `req`; `tell(data)` makes a sentence of the last answer. A dry run changes nothing.
export async function begin(id, message, req, { tell = () => {}, dry = false } = {}) {
	// Who has several answers says in words what it does in verbose ones.
	const extras = { ...(message.final && { returnVerbose: true }), ...(message.extras.includes("progress") && { progress: true }), ...(dry && { dryRun: true }) };
	const onAnswer = (data) => set(id, { msgId: request.msgId, pace: paceOf(data) });
	const request = call(message.mType, req, { extras, onAnswer, isLast: (data) => isFinal(message, data) });
	set(id, { msgId: request.msgId, pace: null });
	try {
		const { data } = await request;
		set(id, { result: { state: "good", text: dry ? T.dryOver : tell(data) ?? T.done }, told: data.rsp, dry });
		if (!dry) loadNetwork();
	} catch (error) {
		set(id, { result: { state: "silent", text: error.message }, told: error.answer?.data.rsp });
	}
}

// How far it is by an answer in between: {text, done, total}.
function paceOf({ progress, rsp }) {
	if (progress) {
		const { done, total, seconds, node, state } = progress;
		const about = [node !== undefined && T.node(node), state].filter(Boolean).join(": ");
		return { text: [T.progress(done, total, seconds), about].filter(Boolean).join(". "), done, total };
	}
	if (rsp?.step) return { text: T.step(rsp.step, rsp.stepStr), done: rsp.step, total: 8 };
	return { text: rsp?.wave ? T.wave(rsp.wave, rsp.waveState) : T.busy, done: rsp?.progress, total: 100 };
}
