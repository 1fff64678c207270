// The chart of one or several sensors with its ranges, and the same as CSV.
import { ask, Choice, get, html, Loading, save, T, useAnswer, useMemo, useState } from "./page.js";
import { Chart } from "./chart.js";

// The numbers under which the history keeps what is no sensor.
export const RSSI = -1;
export const SUPPLY = -2;

const RANGES_S = { day: 86400, week: 7 * 86400, month: 30 * 86400, year: 365 * 86400 };
const POINTS = 800;

// The columns of one sensor from now back to the beginning of the range; null where there is none.
async function load({ device: { mid }, sensor: { index }, label }, range) {
	const to = Math.floor((Date.now() + get().skew) / 1000) + 1;
	const from = to - RANGES_S[range];
	try {
		const found = await ask(`api/v1/history?mid=${mid}&sensor=${index}&from=${from}&to=${to}&points=${POINTS}`);
		return { ...found, from, to, label };
	} catch (problem) {
		if (problem.status === 404) return null;
		throw problem;
	}
}

// `rows` are {device, sensor, label}.
export function History({ rows, unit, title }) {
	const [range, setRange] = useState("day");
	const key = rows.map(({ device, sensor }) => [device.mid, sensor.index, sensor.updated]).join();
	const { answer, error } = useAnswer(`${range} ${key}`, () => Promise.all(rows.map((row) => load(row, range))));
	const series = useMemo(() => answer?.filter((each) => each?.t.length), [answer]);
	return html`<section class="history" aria-label="${T.historyOf}: ${title}">
		<div class="tools">
			<${Choice} label=${T.range} options=${Object.entries(T.ranges)} value=${range} onChange=${setRange} />
			${series?.length > 0 && html`<button class="quiet" onClick=${() => save(`${title}.csv`, csv(series), "text/csv")}>${T.csv}</button>`}
		</div>
		${!series ? html`<${Loading} error=${error} lines=${4} />`
		: series.length ? html`<${Chart} series=${series} unit=${unit} range=${[series[0].from, series[0].to]} />`
		: html`<p class="soft">${T.noHistory}</p>`}
	</section>`;
}

const csv = (series) => ["series,time,mean,lowest,highest", ...series.flatMap(({ label, t, avg, min, max }) =>
	t.map((at, index) => [`"${label}"`, new Date(at * 1000).toISOString(), avg[index], min[index], max[index]].join(",")))].join("\n");
