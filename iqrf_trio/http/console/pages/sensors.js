// One quantity over all nodes: who is farthest from the middle comes first; chosen ones in a chart.
import { address, Age, format, go, html, keyOf, Loading, nameOf, Select, T, useMemo, useState, useStore, Value } from "../parts/page.js";
import { History } from "../parts/history.js";

const MAX_CHOSEN = 6;

export function Sensors({ rest }) {
	const { devices } = useStore();
	const [chosen, choose] = useState([]);
	const quantities = useMemo(() => quantitiesOf(devices ?? []), [devices]);
	if (!devices) return html`<h1>${T.sensors}</h1><${Loading} lines=${8} />`;
	if (!quantities.size) return html`<h1>${T.sensors}</h1><p>${T.noQuantities} <a href="#/network">${T.learn}</a></p>`;
	const type = quantities.has(Number(rest[0])) ? Number(rest[0]) : quantities.keys().next().value;
	const { name, unit, decimals, rows } = quantities.get(type);
	const compared = rows.filter((row) => chosen.includes(row.key));
	const toggle = (key) => choose(chosen.includes(key) ? chosen.filter((each) => each !== key) : [...chosen, key].slice(-MAX_CHOSEN));
	const change = (chosen) => {
		choose([]);
		go("sensors", chosen);
	};
	return html`<h1>${name}</h1>
		<div class="tools"><${Select} label=${T.quantity} options=${[...quantities].map(([key, each]) => [key, `${each.name} (${each.rows.length})`])} value=${type} onChange=${change} /></div>
		${compared.length > 0 && html`<${History} rows=${compared} unit=${unit} title=${name} />`}
		<${Bars} rows=${rows} unit=${unit} decimals=${decimals} chosen=${chosen} onToggle=${toggle} />`;
}

// By type: {name, unit, decimals, rows: [{key, device, sensor}]}.
function quantitiesOf(devices) {
	const found = new Map();
	for (const device of devices)
		for (const sensor of device.sensors) {
			const { type, name, unit, decimals } = sensor;
			if (!found.has(type)) found.set(type, { name, unit, decimals, rows: [] });
			found.get(type).rows.push({ key: `${keyOf(device)}/${sensor.index}`, device, sensor, label: nameOf(device) });
		}
	return new Map([...found].sort(([a], [b]) => a - b));
}

function Bars({ rows, unit, decimals, chosen, onToggle }) {
	const numbers = rows.map(({ sensor }) => sensor.value).filter((value) => typeof value === "number");
	const [low, high] = [Math.min(...numbers, 0), Math.max(...numbers)];
	const median = numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
	const far = ({ sensor }) => (typeof sensor.value === "number" ? Math.abs(sensor.value - median) : -1);
	const order = [...rows].sort((a, b) => far(b) - far(a) || a.device.address - b.device.address);
	const width = (value) => (typeof value === "number" && high > low ? (100 * (value - low)) / (high - low) : 0);
	return html`<p class="soft">${median === undefined ? "" : `${T.outliersFirst(format(median, decimals), unit)}. `}${T.compare}</p>
		<ul class="bars">${order.map(({ key, device, sensor }) => html`<li key=${key}>
			<input type="checkbox" id="bar-${key}" checked=${chosen.includes(key)} onChange=${() => onToggle(key)} />
			<label for="bar-${key}">${nameOf(device)}${device.sensors.filter((each) => each.type === sensor.type).length > 1 ? ` (${sensor.index})` : ""}</label>
			<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width=${width(sensor.value)} height="8" /></svg>
			<a href=${address("node", keyOf(device))}><${Value} sensor=${sensor} /></a>
			<${Age} at=${sensor.updated} />
		</li>`)}</ul>`;
}
