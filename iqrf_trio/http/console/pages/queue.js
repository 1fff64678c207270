// What has the radio and what waits for it.
import { html } from "../vendor/htm-preact.js";
import { useLimits } from "../parts/limits.js";
import { call } from "../parts/live.js";
import { Table } from "../parts/told.js";
import { Action, State, useAsked, Waiting } from "../parts/widgets.js";
import { duration } from "../parts/words.js";
import { T } from "../texts.js";

const EVERY_S = 3;

export function Queue() {
	const { answer: queue, error, again } = useAsked("api/v1/queue", EVERY_S);
	const limits = useLimits();
	if (!queue) return html`<${Waiting} error=${error} />`;
	const mType = queue.paused ? "mngDaemon_StartNetworkQueue" : "mngDaemon_StopNetworkQueue";
	const rows = (entries) => entries.map(({ name, kind, priority, age }) => ({ [T.request]: name || kind, priority, [T.since]: duration(age) }));
	return html`<p><${State} state=${queue.paused ? "stale" : "good"} text=${queue.paused ? T.queuePaused : T.queueServed(queue.waiting.length, queue.capacity)} /></p>
		<div class="actions"><${Action} key=${mType} label=${queue.paused ? T.resume : T.pause} ...${limits("manage")} run=${() => call(mType).then(() => again())} /></div>
		<h2>${T.onAir}</h2><${Table} rows=${rows(queue.active)} />
		<h2>${T.waits}</h2><${Table} rows=${rows(queue.waiting)} />`;
}
