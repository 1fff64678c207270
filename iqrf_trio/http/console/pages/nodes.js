// All devices as a table that sorts and filters.
import { address, Age, html, keyOf, label, Loading, matches, nameOf, period, Search, State, stateOf, T, useNow, useState, useStore, Value } from "../parts/page.js";

const RANK = { silent: 0, stale: 1, unknown: 2, good: 3 };

// What a column sorts by.
const COLUMNS = {
	address: (device) => device.address,
	name: (device) => nameOf(device).toLowerCase(),
	state: (device, now) => RANK[stateOf(device, now, period())],
	zone: (device) => device.zone,
	parent: (device) => device.parent ?? -1,
	rssi: (device) => device.rssi ?? -999,
	supply: (device) => device.supply ?? -1,
	heardAt: (device) => device.heardAt ?? "",
};

export function Nodes() {
	const { devices } = useStore();
	const now = useNow();
	const [typed, setTyped] = useState("");
	const [sort, setSort] = useState({ by: "address", down: false });
	if (!devices) return html`<h1>${T.nodes}</h1><${Loading} lines=${8} />`;
	const shown = devices.filter((device) => matches(device, typed));
	const worth = COLUMNS[sort.by];
	const order = (a, b) => {
		const [x, y] = [worth(a, now), worth(b, now)];
		return (x < y ? -1 : x > y ? 1 : a.address - b.address) * (sort.down ? -1 : 1);
	};
	const by = (name) => setSort({ by: name, down: sort.by === name && !sort.down });
	return html`<h1>${T.nodes}</h1>
		<div class="tools"><${Search} label=${T.findNode} value=${typed} onInput=${setTyped} /><span class="soft" role="status">${T.found(shown.length)}</span></div>
		<table class="devices"><thead><tr>
			${Object.keys(COLUMNS).map((name) => html`<th key=${name} class=${name} aria-sort=${sort.by === name ? (sort.down ? "descending" : "ascending") : null}>
				<button class="quiet" onClick=${() => by(name)}>${label(name)}</button></th>`)}
			<th class="values">${label("values")}</th>
		</tr></thead><tbody>
			${shown.sort(order).map((device) => html`<${Row} key=${device.address} device=${device} state=${stateOf(device, now, period())} />`)}
		</tbody></table>`;
}

function Row({ device, state }) {
	return html`<tr class=${state}>
		<td class="address">${device.address}</td>
		<td class="name"><a href=${address("node", keyOf(device))}>${nameOf(device)}</a> <small>${device.product}</small></td>
		<td class="state"><${State} state=${state} /></td>
		<td class="zone">${device.zone}</td>
		<td class="parent">${device.parent ?? T.noValue}</td>
		<td class="rssi">${device.rssi === null ? T.noValue : html`${device.rssi}<span class="unit"> dBm</span>`}</td>
		<td class="supply">${device.supply === null ? T.noValue : html`${device.supply.toFixed(2)}<span class="unit"> V</span>`}</td>
		<td class="heardAt">${device.heardAt ? html`<${Age} at=${device.heardAt} />` : T.noValue}</td>
		<td class="values">${device.sensors.map((sensor) => html`<span class="chip" key=${sensor.index} title=${sensor.name}><${Value} sensor=${sensor} /></span>`)}</td>
	</tr>`;
}
