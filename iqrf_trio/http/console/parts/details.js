// All about one device: its name and state, sensors with their history, facts, what can be done.
import { Action, address, Age, ask, call, find, html, keyOf, label, Loading, loadNetwork, nameOf, pathOf, period, sentence, State, stateOf, T, Told, useAnswer, useLimits, useNow, useState, useStore, Value } from "./page.js";
import { History, RSSI, SUPPLY } from "./history.js";
import { Keeping } from "./keeping.js";
import { Outputs } from "./outputs.js";
import { Spark } from "./chart.js";

const DAY_S = 86400;
const TEN_SECONDS = 3; // of Os_Indicate: the LED is on for so long

// As a page of its own.
export function Node({ rest }) {
	const { devices } = useStore();
	if (!devices) return html`<${Loading} lines=${8} />`;
	const device = find(devices, rest[0]);
	if (!device) return html`<h1>${T.noSuchNode}</h1><p><a href="#/nodes">${T.nodes}</a></p>`;
	return html`<${Details} key=${keyOf(device)} device=${device} devices=${devices} />`;
}

export function Details({ device, devices }) {
	const now = useNow();
	const [shown, show] = useState(null); // the index of the sensor whose chart is open
	const own = [
		{ index: RSSI, name: label("rssi"), unit: "dBm", decimals: 0, value: device.rssi, updated: device.heardAt },
		{ index: SUPPLY, name: label("supply"), unit: "V", decimals: 2, value: device.supply, updated: device.heardAt },
	].filter((each) => each.value !== null);
	const sensors = [...device.sensors, ...own];
	const open = sensors.find((each) => each.index === shown);
	return html`<article class="node">
		<${Name} device=${device} />
		<p><${State} state=${stateOf(device, now, period())} text=${sentence(device, now, period())} /></p>
		<h2>${T.sensors}</h2>
		${sensors.length ? html`<ul class="tiles">${sensors.map((sensor) => html`<${Tile} key=${sensor.index} device=${device} sensor=${sensor}
			open=${shown === sensor.index} onOpen=${() => show(shown === sensor.index ? null : sensor.index)} />`)}</ul>` : html`<p class="soft">${T.noSensors}</p>`}
		${open && html`<${History} key=${open.index} rows=${[{ device, sensor: open, label: open.name }]} unit=${open.unit} title="${nameOf(device)} ${open.name}" />`}
		${(device.outputs > 0 || device.light) && html`<${Outputs} device=${device} />`}
		${device.address !== 0 && html`<${Actions} device=${device} />`}
		<${Keeping} device=${device} />
		<${Facts} device=${device} devices=${devices} />
	</article>`;
}

// Pressing the name changes it: it is the member `name` of the metadata, others are left alone.
function Name({ device }) {
	const [typed, setTyped] = useState(null);
	const { rights } = useStore();
	const save = async () => {
		const metadata = { ...device.metadata, name: typed.trim() };
		if (!metadata.name) delete metadata.name;
		await call("iqrfDb_SetDeviceMetadata", { devices: [{ address: device.address, metadata }] });
		await loadNetwork();
		setTyped(null);
	};
	if (typed === null)
		return html`<h1>${nameOf(device)} ${rights?.scope === "manage" && html`<button class="quiet" onClick=${() => setTyped(device.name)}>${T.rename}</button>`}</h1>`;
	return html`<form class="rename" onSubmit=${(event) => event.preventDefault()}>
		<input aria-label=${T.nameOfNode} value=${typed} maxlength="64" onInput=${(event) => setTyped(event.target.value)} />
		<${Action} kind="main" label=${T.save} run=${save} />
		<button type="button" class="quiet" onClick=${() => setTyped(null)}>${T.cancel}</button>
	</form>`;
}

function Tile({ device, sensor, open, onOpen }) {
	const { skew } = useStore();
	const to = Math.floor((Date.now() + skew) / 1000);
	const from = to - DAY_S;
	// A new value is a reason to ask anew, a new second is not.
	const { answer } = useAnswer(`${device.mid} ${sensor.index} ${sensor.updated}`, async () =>
		sensor.updated && ask(`api/v1/history?mid=${device.mid}&sensor=${sensor.index}&from=${from}&to=${to + 1}&points=100`),
	);
	return html`<li><button class="tile" aria-expanded=${open} onClick=${onOpen}>
		<span class="quantity">${sensor.name}</span>
		<${Value} sensor=${sensor} />
		<${Spark} points=${answer} from=${from} to=${to} />
		<${Age} at=${sensor.updated} />
	</button></li>`;
}

function Actions({ device }) {
	const limit = useLimits()("control");
	const send = (mType, param, said) => call(mType, { nAdr: device.address, param }).then(() => said);
	return html`<div class="actions">
		<${Action} label=${T.ping} ...${limit} run=${() => send("iqrfEmbedOs_Read", {}, T.pinged)} />
		<${Action} label=${T.identify} ...${limit} run=${() => send("iqrfEmbedOs_Indicate", { control: TEN_SECONDS }, T.identified)} />
	</div>`;
}

function Facts({ device, devices }) {
	const path = pathOf(devices, device).slice(1);
	const facts = {
		address: device.address,
		mid: device.mid,
		product: [device.product, device.manufacturer].filter(Boolean).join(", "),
		hwpid: device.hwpid !== null && `0x${device.hwpid.toString(16).padStart(4, "0").toUpperCase()}`,
		os: device.osVersion && `${device.osVersion} (${device.osBuild})`,
		dpa: device.dpa,
		zone: device.address ? device.zone : "",
		vrn: device.address ? device.vrn : "",
		path: path.length > 0 && html`<span>${path.map((each, index) => html`${index ? " → " : ""}<a href=${address("node", keyOf(each))}>${nameOf(each)}</a>`)}</span>`,
	};
	return html`<${Told} value=${facts} />`;
}
