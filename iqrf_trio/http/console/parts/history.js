// The chart of one sensor with its ranges, and the same as CSV.
import { html, useMemo, useState } from "../vendor/htm-preact.js";
import { T } from "../texts.js";
import { Chart } from "./chart.js";
import { ask, save } from "./http.js";
import { get } from "./store.js";
import { Choice, Loading, useAnswer } from "./widgets.js";

// The numbers under which the history keeps what is no sensor.
export const RSSI = -1;
export const SUPPLY = -2;

export const RANGES_S = { day: 86400, week: 7 * 86400, month: 30 * 86400, year: 365 * 86400 };
const POINTS = 800;

// The columns of one sensor from now back to the beginning of the range; null where there is none.
export async function loadHistory(mid, sensor, range) {
	const to = Math.floor((Date.now() + get().skew) / 1000) + 1;
	const from = to - RANGES_S[range];
	try {
		const found = await ask(`api/v1/history?mid=${mid}&sensor=${sensor}&from=${from}&to=${to}&points=${POINTS}`);
		return { ...found, from, to };
	} catch (problem) {
		if (problem.status === 404) return null;
		throw problem;
	}
}

export function History({ device, sensor }) {
	const [range, setRange] = useState("day");
	const { answer, error } = useAnswer(`${range} ${sensor.updated}`, () => loadHistory(device.mid, sensor.index, range));
	const series = useMemo(() => answer && [{ ...answer, label: sensor.name }], [answer]);
	return html`<section class="history" aria-label="${T.historyOf}: ${sensor.name}">
		<div class="tools">
			<${Choice} label=${T.range} options=${Object.entries(T.ranges)} value=${range} onChange=${setRange} />
			${answer?.t.length ? html`<button class="quiet" onClick=${() => saveCsv(device, sensor, answer)}>${T.csv}</button>` : null}
		</div>
		${error ? html`<p role="alert">${error.message}</p>`
		: answer === undefined ? html`<${Loading} lines=${4} />`
		: answer?.t.length ? html`<${Chart} series=${series} unit=${sensor.unit} range=${[answer.from, answer.to]} />`
		: html`<p class="soft">${T.noHistory}</p>`}
	</section>`;
}

function saveCsv(device, sensor, { t, avg, min, max }) {
	const lines = t.map((at, index) => [new Date(at * 1000).toISOString(), avg[index], min[index], max[index]].join(","));
	save(`${device.mid}-${sensor.index}.csv`, `time,mean,lowest,highest\n${lines.join("\n")}\n`, "text/csv");
}
