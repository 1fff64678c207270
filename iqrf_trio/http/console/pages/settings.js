// The configuration in force, and where each value comes from.
import { html, useState } from "../vendor/htm-preact.js";
import { Table } from "../parts/told.js";
import { Search, useAsked, Waiting } from "../parts/widgets.js";
import { T } from "../texts.js";

export function Settings() {
	const { answer, error } = useAsked("api/v1/config");
	const [typed, setTyped] = useState("");
	if (!answer) return html`<${Waiting} error=${error} lines=${8} />`;
	const rows = Object.entries(answer).map(([key, { value, origin }]) => ({ key, value: JSON.stringify(value), origin }));
	return html`<p class="soft">${T.settingsHelp}</p>
		<div class="tools"><${Search} label=${T.filter} value=${typed} onInput=${setTyped} /></div>
		<${Table} rows=${rows.filter((row) => Object.values(row).some((text) => text.includes(typed)))} />`;
}
