// The gateway itself: what it does, who may ask it, what it says, how it is set, what ails it.
import { Action, call, duration, html, Loading, markOf, Search, State, T, Table, Tabs, useAsked, useLimits, useState, wordsOf } from "../parts/page.js";
import { Log } from "./log.js";
import { Tokens } from "./tokens.js";

const VIEWS = { queue: Queue, tokens: Tokens, log: Log, settings: Settings, doctor: Doctor };
const QUEUE_S = 3; // how often the queue is asked

export function System({ rest }) {
	const shown = rest[0] in VIEWS ? rest[0] : "queue";
	return html`<h1>${T.system}</h1><${Tabs} base="system" texts=${T.views} shown=${shown} /><${VIEWS[shown]} />`;
}

// What has the radio and what waits for it.
function Queue() {
	const { answer: queue, error, again } = useAsked("api/v1/queue", QUEUE_S);
	const limit = useLimits()("manage");
	if (!queue) return html`<${Loading} error=${error} />`;
	const { paused, active, waiting } = queue;
	const mType = `mngDaemon_${paused ? "Start" : "Stop"}NetworkQueue`;
	const rows = (entries) => entries.map(({ name, kind, priority, age }) => ({ request: name || kind, priority, since: duration(age) }));
	return html`<p><${State} state=${paused ? "stale" : "good"} text=${paused ? T.queuePaused : T.waiting(waiting.length)} /></p>
		<div class="actions"><${Action} key=${mType} label=${paused ? T.resume : T.pause} ...${limit} run=${() => call(mType).then(() => again())} /></div>
		<h2>${T.onAir}</h2><${Table} rows=${rows(active)} />
		<h2>${T.waits}</h2><${Table} rows=${rows(waiting)} />`;
}

// The configuration in force, and where each value comes from.
function Settings() {
	const { answer, error } = useAsked("api/v1/config");
	const [typed, setTyped] = useState("");
	if (!answer) return html`<${Loading} error=${error} lines=${8} />`;
	const rows = Object.entries(answer).map(([key, { value, origin }]) => ({ key, value: JSON.stringify(value), origin }));
	return html`<p class="soft">${T.settingsHelp}</p>
		<div class="tools"><${Search} label=${T.filter} value=${typed} onInput=${setTyped} /></div>
		<${Table} rows=${rows.filter((row) => Object.values(row).some((text) => text.includes(typed)))} />`;
}

// What keeps the gateway from working on its machine, and what mends it.
function Doctor() {
	const { answer, error, again } = useAsked("api/v1/doctor");
	if (!answer) return html`<${Loading} error=${error} lines=${8} />`;
	const checks = Object.entries(answer.checks).map(([name, check]) => ({ check: T.checks[name] ?? name, severity: check.status, text: wordsOf(name, check) }));
	return html`<p><button onClick=${again}>${T.examine}</button></p>
		<ul class="events">${[...checks, ...answer.findings].map(({ check, severity, text, fix }, index) => html`<li key=${index}>
			<b>${check}</b> <${State} state=${markOf(severity)} text=${text} /> <span class="soft">${fix}</span></li>`)}</ul>`;
}
