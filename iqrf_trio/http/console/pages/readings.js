// The readings of all sensors: whether they run, how often, and how the last ones went.
import { Action, call, duration, html, Loading, loadSettings, moment, State, T, Table, useAsked, useEffect, useLimits, useNow, useStore } from "../parts/page.js";
import { Work } from "../parts/work.js";

const MEMBERS = ["period", "retryPeriod", "autoRun", "asyncReports"];

export function Readings() {
	const { readAt, monitor } = useStore();
	const { answer: readings, error, again } = useAsked("api/v1/readings");
	useEffect(again, [readAt]);
	const limits = useLimits();
	if (!readings) return html`<h1>${T.readings}</h1><${Loading} error=${error} lines=${6} />`;
	const { settings, running, cycles } = readings;
	const text = running ? T.readingsRun(settings.period) : T.readingsStopped;
	const change = async (mType, said = T.done) => {
		await call(mType);
		again();
		return said;
	};
	const saved = () => void loadSettings().then(again);
	return html`<h1>${T.readings}</h1>
		<p><${State} state=${running ? "good" : "unknown"} text=${text} />${monitor?.dataReadingInProgress && html` <small>${T.readingNow}</small>`}</p>
		<div class="actions">
			<${Action} key=${running} kind=${running ? "" : "main"} label=${running ? T.stop : T.start} ...${limits("manage")} run=${() => change(`iqrfSensorData_${running ? "Stop" : "Start"}`)} />
			<${Action} label=${T.readNow} ...${limits("control")} run=${() => change("iqrfSensorData_Invoke", T.asked)} />
		</div>
		<${Work} mType="iqrfSensorData_SetConfig" title=${T.settings} label=${T.save} members=${MEMBERS} known=${settings} tell=${saved} />
		<h2>${T.lastCycles}</h2><${Cycles} cycles=${cycles} />`;
}

function Cycles({ cycles }) {
	const now = useNow();
	return html`<${Table} rows=${cycles.toReversed().map(({ at, seconds, failure, nodesOk, nodes, shortfall }) => ({
		[T.overAt]: moment(Date.parse(at), now),
		[T.took]: duration(seconds),
		[T.answeredBy]: failure ? T.noValue : `${nodesOk} / ${nodes}`,
		[T.result]: failure ? html`<${State} state="silent" text=${failure} />`
			: html`<${State} state=${nodesOk < nodes ? "stale" : "good"} text=${shortfall || (nodesOk < nodes ? T.partial : T.complete)} />`,
	}))} />`;
}
