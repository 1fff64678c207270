// The last lines of the gateway's log, which hold no secrets.
import { ask, html, moment, save, Select, T, useEffect, useState } from "../parts/page.js";

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
				after = told.last;
				setLines((before) => [...before, ...told.lines].slice(-MAX_LINES));
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
	return html`<div class="tools">
			<${Select} label=${T.level} options=${LEVELS} value=${level} onChange=${setLevel} />
			<${Select} label=${T.area} options=${[["", T.allAreas], ...areas]} value=${area} onChange=${setArea} />
			<label class="check"><input type="checkbox" checked=${follow} onChange=${(event) => setFollow(event.target.checked)} /> ${T.follow}</label>
			<button class="quiet" disabled=${!found.length} onClick=${() => save("iqrf-trio.log", text())}>${T.download}</button>
		</div>
		${problem && html`<p role="alert">${problem}</p>`}
		<ol class="log" aria-label=${T.views.log}>${found.slice(-MAX_SHOWN).toReversed().map(({ number, level, time, area, message }) => html`<li key=${number} class=${level}>
			<time datetime=${time}>${moment(Date.parse(time), Date.now(), true)}</time> <b>${level}</b> <i>${area}</i> ${message}</li>`)}</ol>
		${found.length === 0 && html`<p class="soft">${T.nothing}</p>`}`;
}
