// The last lines of the gateway's log, which hold no secrets.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { ask, save } from "../parts/http.js";
import { moment } from "../parts/words.js";
import { T } from "../texts.js";

const EVERY_MS = 2000;
const MAX_LINES = 2000;
const MAX_SHOWN = 300;
const LEVELS = ["debug", "info", "warning", "error"];

export function Log() {
	const [lines, setLines] = useState([]);
	const [problem, setProblem] = useState("");
	const [level, setLevel] = useState("info");
	const [area, setArea] = useState("");
	const [follow, setFollow] = useState(true);
	useEffect(() => {
		let [after, busy] = [lines.at(-1)?.number ?? 0, false];
		const load = async () => {
			if (busy || document.hidden) return;
			busy = true;
			try {
				const told = await ask(`api/v1/log?after=${after}`);
				// A gateway that was started anew counts from the beginning.
				const known = told.last < after ? [] : null;
				after = told.last;
				setLines((before) => [...(known ?? before), ...told.lines].slice(-MAX_LINES));
				setProblem("");
			} catch (error) {
				setProblem(error.message);
			}
			busy = false;
		};
		load();
		const timer = follow && setInterval(load, EVERY_MS);
		return () => clearInterval(timer);
	}, [follow]);
	const areas = [...new Set(lines.map((line) => line.area))].sort();
	const found = lines.filter((line) => LEVELS.indexOf(line.level) >= LEVELS.indexOf(level) && (!area || line.area === area));
	const text = () => found.map((line) => `${line.time} ${line.level} ${line.area}: ${line.message}\n`).join("");
	const select = (label, value, set, options) => html`<label>${label} <select value=${value} onChange=${(event) => set(event.target.value)}>${options.map(([key, shown]) => html`<option key=${key} value=${key}>${shown}</option>`)}</select></label>`;
	return html`<div class="tools">
			${select(T.level, level, setLevel, LEVELS.map((each) => [each, each]))}
			${select(T.area, area, setArea, [["", T.allAreas], ...areas.map((each) => [each, each])])}
			<label class="check"><input type="checkbox" checked=${follow} onChange=${(event) => setFollow(event.target.checked)} /> ${T.follow}</label>
			<button class="quiet" disabled=${!found.length} onClick=${() => save("iqrf-trio.log", text())}>${T.download}</button>
		</div>
		${problem && html`<p role="alert">${problem}</p>`}
		<ol class="log" aria-label=${T.views.log}>${found.slice(-MAX_SHOWN).toReversed().map((line) => html`<li key=${line.number} class=${line.level}>
			<time datetime=${line.time}>${moment(Date.parse(line.time), Date.now(), true)}</time> <b>${line.level}</b> <i>${line.area}</i> ${line.message}</li>`)}</ol>
		${found.length === 0 && html`<p class="soft">${T.nothing}</p>`}`;
}
