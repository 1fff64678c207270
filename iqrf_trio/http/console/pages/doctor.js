// What keeps the gateway from working on its machine, and what mends it.
import { html } from "../vendor/htm-preact.js";
import { State, useAsked, Waiting } from "../parts/widgets.js";
import { T } from "../texts.js";

const MARK = { pass: "good", good: "good", note: "unknown", warn: "stale", warning: "stale", fail: "silent", error: "silent" };

export function Doctor() {
	const { answer, error, again } = useAsked("api/v1/doctor");
	if (!answer) return html`<${Waiting} error=${error} lines=${8} />`;
	const checks = Object.entries(answer.checks).map(([name, { status, reason }]) => ({ check: T.checks[name] ?? name, severity: status, text: reason ?? T.checkGood[name] ?? status }));
	return html`<p><button onClick=${() => again()}>${T.examine}</button></p>
		<ul class="events">${[...checks, ...answer.findings].map(({ check, severity, text, fix }, index) => html`<li key=${index}>
			<b>${check}</b> <${State} state=${MARK[severity] ?? "unknown"} text=${text} /> ${fix && html`<span class="soft">${fix}</span>`}</li>`)}</ul>`;
}
