// A chart of series over time, by uPlot, which is loaded with the first chart.
import { format, html, T, useEffect, useRef } from "./page.js";

let loading = null;

function uPlotLoaded() {
	loading ??= new Promise((resolve, reject) => {
		const script = document.createElement("script");
		script.src = new URL("../vendor/uplot.js", import.meta.url);
		script.onload = () => resolve(globalThis.uPlot);
		script.onerror = () => reject(new Error(T.unreachable));
		document.head.append(script);
	});
	return loading;
}

const COLOURS = ["--accent", "--silent", "--good", "--stale", "--line-5", "--line-6"];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// `series` are {label, t, avg, min, max}, times in s; the band between min and max is drawn where
// there is one series only.
export function Chart({ series, unit, range }) {
	const box = useRef();
	useEffect(() => {
		let chart = null;
		let over = false;
		const dark = matchMedia("(prefers-color-scheme: dark)");
		const draw = (uPlot) => {
			chart?.destroy();
			if (!over && box.current) chart = new uPlot(options(uPlot, series, unit, range, box.current), columns(uPlot, series), box.current);
		};
		const redraw = () => globalThis.uPlot && draw(globalThis.uPlot);
		uPlotLoaded().then(draw, () => {});
		const sizes = new ResizeObserver(() => chart?.setSize(sizeOf(box.current)));
		sizes.observe(box.current);
		dark.addEventListener("change", redraw);
		return () => {
			over = true;
			sizes.disconnect();
			dark.removeEventListener("change", redraw);
			chart?.destroy();
		};
	}, [series]);
	return html`<div class="chart" ref=${box} role="img" aria-label=${T.chartOf(series, unit)}></div>`;
}

const sizeOf = (box) => ({ width: box.clientWidth, height: 260 });

function columns(uPlot, series) {
	const tables = series.map(({ t, avg, min, max }) => (series.length === 1 ? [t, avg, max, min] : [t, avg]));
	return tables.length === 1 ? tables[0] : uPlot.join(tables);
}

function options(uPlot, series, unit, range, box) {
	const grid = { stroke: colour("--line"), width: 1 };
	const axis = { stroke: colour("--soft"), grid, ticks: grid, font: "12px system-ui, sans-serif" };
	const text = (_, value) => (value === null ? T.noValue : `${format(value)} ${unit ?? ""}`);
	const lines = series.map(({ label }, index) => ({
		label,
		value: text,
		stroke: colour(COLOURS[index % COLOURS.length]),
		width: 2,
		spanGaps: series.length > 1, // other series have other times
	}));
	const edge = { stroke: "transparent", width: 0, points: { show: false } };
	const band = series.length === 1;
	if (band) lines.push({ ...edge, label: T.highest, value: text }, { ...edge, label: T.lowest, value: text });
	return {
		...sizeOf(box),
		series: [{ value: (_, at) => (at === null ? T.noValue : new Date(at * 1000).toLocaleString("en-GB")) }, ...lines],
		bands: band ? [{ series: [2, 3], fill: `${colour("--accent")}26` }] : [],
		scales: { x: { time: true, range: () => range } },
		axes: [{ ...axis, values: timeLabels }, { ...axis, size: 60 }],
		legend: { live: true },
		cursor: { y: false },
	};
}

function timeLabels(chart, moments) {
	const days = (moments.at(-1) - moments[0]) / 86400 > 2;
	const style = days ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" };
	return moments.map((at) => new Date(at * 1000).toLocaleString("en-GB", style));
}

// A line without axes; `points` are the columns of api/v1/history, or null while they are loaded.
export function Spark({ points, from, to }) {
	const shape = points && outline(points, from, to);
	return html`<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
		${shape && html`<path d=${shape} />`}</svg>`;
}

function outline({ t, avg }, from, to) {
	const known = t.map((at, index) => [at, avg[index]]).filter(([, value]) => value !== null);
	if (known.length < 2) return null;
	const values = known.map(([, value]) => value);
	const [low, high] = [Math.min(...values), Math.max(...values)];
	const point = ([at, value]) => {
		const x = (100 * (at - from)) / (to - from);
		const y = high === low ? 12 : 22 - (20 * (value - low)) / (high - low);
		return `${x.toFixed(1)} ${y.toFixed(1)}`;
	};
	return `M${known.map(point).join("L")}`;
}
