// The readings of all sensors: whether they run, how often, and how the last ones went.
import { html, useState } from "../vendor/htm-preact.js";
import { call, loadHealth, loadReadings } from "../parts/live.js";
import { useMessages } from "../parts/api.js";
import { useLimits } from "../parts/limits.js";
import { useNow, useStore } from "../parts/store.js";
import { changes, Members, only } from "../parts/schema_form.js";
import { Table } from "../parts/told.js";
import { Action, Loading, State } from "../parts/widgets.js";
import { duration, moment } from "../parts/words.js";
import { T } from "../texts.js";

export function Readings() {
	const { readings, monitor } = useStore();
	const limits = useLimits();
	if (!readings) return html`<h1>${T.readings}</h1><${Loading} lines=${6} />`;
	const { settings, running, cycles } = readings;
	const text = running ? T.readingsRun(settings.period) : T.readingsStopped;
	const change = async (mType, said = T.done) => {
		await call(mType);
		await Promise.all([loadReadings(), loadHealth()]);
		return said;
	};
	return html`<h1>${T.readings}</h1>
		<p><${State} state=${running ? "good" : "unknown"} text=${text} />${monitor?.dataReadingInProgress && html` <small>${T.readingNow}</small>`}</p>
		<div class="actions">
			${running
				? html`<${Action} key="stop" label=${T.stopReadings} ...${limits("manage")} run=${() => change("iqrfSensorData_Stop")} />`
				: html`<${Action} key="start" kind="main" label=${T.startReadings} ...${limits("manage")} run=${() => change("iqrfSensorData_Start")} />`}
			<${Action} label=${T.readNow} ...${limits("control")} run=${() => change("iqrfSensorData_Invoke", T.asked)} />
		</div>
		<h2>${T.settings}</h2><${Settings} settings=${settings} limits=${limits("manage")} />
		<h2>${T.lastCycles}</h2><${Cycles} cycles=${cycles} />`;
}

const MEMBERS = ["period", "retryPeriod", "autoRun", "asyncReports"];

function Settings({ settings, limits }) {
	const { answer } = useMessages();
	const [changed, change] = useState({});
	const message = answer?.find(({ mType }) => mType === "iqrfSensorData_SetConfig");
	if (!message) return html`<${Loading} />`;
	const save = async () => {
		await call(message.mType, changed);
		await loadReadings();
		change({});
	};
	return html`<${Members} schema=${only(message.schema, MEMBERS)} names=${T.members} value=${{ ...settings, ...changed }} onChange=${(all) => change(changes(all, settings))} />
		<${Action} label=${T.save} ...${limits} disabled=${limits.disabled || !Object.keys(changed).length} run=${save} />`;
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
